import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withScope } from '../../db/scope.ts';
import { createTokenStore } from '../../db/installs.ts';
import type { PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { bringToken } from '../stack/rotation.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { waitFor } from '../stack/wait.ts';
import { type LiveSystem, startLiveSystem } from './live-system.ts';

let live: LiveSystem;
let agency: PlantedAgency;
let key: string;
beforeAll(async () => {
  live = await startLiveSystem();
  agency = await live.plant(smallAgency('one'));
  key = await live.makeKey(agency.agencyId, 'agency');
});
afterAll(() => live.stop());

const NEEDED = [
  'locations.readonly',
  'contacts.readonly',
  'contacts.write',
  'opportunities.readonly',
  'opportunities.write',
  'users.readonly',
];
const location = (name: string): string => agency.locations.get(name)!;
const give = async (token: string, of: { locationId?: string; scopes?: string[] }) =>
  live.simulator.seed({
    tokens: [
      {
        token,
        class: of.locationId === undefined ? 'Company' : 'Location',
        companyId: 'one-company',
        ...of,
      },
    ],
  });
const rotate = (name: string, token: string, by = key) =>
  live.ask('POST', `/v1/locations/${location(name)}/credentials`, by, { token });
const stored = async (name: string) =>
  createTokenStore(live.database.db, live.keys).findInstall({
    agencyId: agency.agencyId,
    locationId: location(name),
  });

describe('a private integration token for a location', () => {
  it('replaces the one before when GHL lets it do all that is needed', async () => {
    await give('pit-of-back-bay-that-does-it-all', { locationId: 'one-loc-back-bay', scopes: NEEDED });
    const answer = await rotate('back-bay', 'pit-of-back-bay-that-does-it-all');
    expect(answer).toMatchObject({ status: 200, body: { outcome: 'replaced' } });
    expect(await stored('back-bay')).toMatchObject({ kind: 'pit', accessToken: 'pit-of-back-bay-that-does-it-all' });
    const id = String(answer.body['id']);
    const shown = await live.ask('GET', `/v1/locations/${location('back-bay')}/credentials/${id}`, key);
    expect(shown).toMatchObject({ status: 200, body: { id, outcome: 'replaced' } });
  });

  it('does not replace it when a scope is missing, and the answer says which', async () => {
    const before = await stored('back-bay');
    const scopes = NEEDED.filter((scope) => !['contacts.write', 'users.readonly'].includes(scope));
    await give('pit-of-back-bay-without-two-scopes', { locationId: 'one-loc-back-bay', scopes });
    const answer = await rotate('back-bay', 'pit-of-back-bay-without-two-scopes');
    expect(answer).toMatchObject({
      status: 409,
      body: {
        code: 'credential-scope-missing',
        issues: [{ message: 'lacks the scope contacts.write' }, { message: 'lacks the scope users.readonly' }],
      },
    });
    expect(await stored('back-bay')).toEqual(before);
  });

  it.each([
    ['unknown to GHL', 'pit-that-nobody-has-ever-seen', 'credential-refused'],
    ['of another location', 'pit-of-cambridge-given-for-back-bay', 'credential-other-account'],
    // GHL tells an agency's token from one without the scopes by nothing.
    ['of the agency', 'pit-of-the-agency-given-for-back-bay', 'credential-scope-missing'],
  ])('is refused when it is %s', async (_what, token, code) => {
    await give('pit-of-cambridge-given-for-back-bay', { locationId: 'one-loc-cambridge' });
    await give('pit-of-the-agency-given-for-back-bay', {});
    const before = await stored('back-bay');
    expect(await rotate('back-bay', token)).toMatchObject({ status: 409, body: { code } });
    expect(await stored('back-bay')).toEqual(before);
  });

  it('changes nothing in GHL while it is tried', async () => {
    await live.simulator.createContact({ locationId: 'one-loc-cambridge', firstName: 'Annabeth', email: 'ann@x.test' });
    const before = await live.simulator.listContacts();
    await give('pit-of-cambridge-that-does-it-all', { locationId: 'one-loc-cambridge', scopes: NEEDED });
    expect((await rotate('cambridge', 'pit-of-cambridge-that-does-it-all')).status).toBe(200);
    expect(await live.simulator.listContacts()).toEqual(before);
    expect(await live.simulator.listOpportunities()).toEqual([]);
  });

  it('is given by the agency’s key alone, for its own locations alone, and is audited without the token', async () => {
    const ofLocation = await live.makeKey(agency.agencyId, 'location', location('back-bay'));
    expect(await rotate('back-bay', 'pit-of-back-bay-that-does-it-all', ofLocation)).toMatchObject({ status: 403 });
    const neighbour = await live.plant(smallAgency('two'));
    const theirs = await live.makeKey(neighbour.agencyId, 'agency');
    expect(await rotate('back-bay', 'pit-of-back-bay-that-does-it-all', theirs)).toMatchObject({ status: 404 });
    const entries = await withScope(live.database.db, { agencyId: agency.agencyId }, (tx) =>
      tx.selectFrom('audit_log').select(['action', 'after']).where('action', 'like', 'credential.%').execute(),
    );
    expect(new Set(entries.map(({ action }) => action))).toEqual(
      new Set(['credential.rotate', 'credential.replaced', 'credential.kept']),
    );
  });
});

describe('a token that cannot be put in place for a cause of ours', () => {
  const letters = async () => {
    const answer = await live.ask('GET', '/v1/dead-letters?capability=credential-rotation', key);
    return answer.body['deadLetters'] as Record<string, unknown>[];
  };

  it('is answered as failed when it cannot be stored; the old one stands, and an operator hears of it', async () => {
    const { ownerDb } = live.database;
    await give('pit-of-chelsea-that-does-it-all', { locationId: 'one-loc-chelsea', scopes: NEEDED });
    const before = await stored('chelsea');
    await sql`alter table installs add constraint no_more check (kind <> 'pit') not valid`.execute(ownerDb);
    const answer = await rotate('chelsea', 'pit-of-chelsea-that-does-it-all');
    await sql`alter table installs drop constraint no_more`.execute(ownerDb);
    expect(answer).toMatchObject({ status: 409, body: { code: 'credential-failed' } });
    expect(await stored('chelsea')).toEqual(before);
    expect(await letters()).toMatchObject([
      {
        cause: 'rotation:Postgres23514',
        locationId: location('chelsea'),
        redrive: { possible: false, code: 'bring-it-again' },
      },
    ]);
    expect((await rotate('chelsea', 'pit-of-chelsea-that-does-it-all')).status).toBe(200);
    expect(await letters()).toEqual([]);
  });

  it('is put before an operator when it cannot even be tried', async () => {
    const rotation = await bringToken(live, agency.agencyId, location('cambridge'), 'pit-of-cambridge-that-is-cut');
    const candidate = Buffer.from('what no key opens');
    const rows = live.database.ownerDb.updateTable('credential_rotations').set({ candidate });
    await rows.where('id', '=', rotation.rotationId).execute();
    await live.client.startCredentialRotation(rotation);
    const [letter, ...more] = await waitFor('the letter', async () => {
      const found = await letters();
      return found.length > 0 && found;
    });
    expect([letter, more]).toMatchObject([{ cause: 'rotation:Unseal', locationId: location('cambridge') }, []]);
  });
});

it('leaves no token in any table or workflow history in the clear', async () => {
  const tables = await sql<{ name: string }>`
    select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
      and not relispartition`.execute(live.database.ownerDb);
  for (const { name } of tables.rows) {
    const rows = await sql<{ row: string }>`select t::text as row from ${sql.table(name)} t`.execute(
      live.database.ownerDb,
    );
    expect(rows.rows.filter(({ row }) => /pit-(of|that)/.test(row))).toEqual([]);
  }
  const kept = await live.database.ownerDb.selectFrom('credential_rotations').select('candidate').execute();
  expect(kept.length).toBeGreaterThan(5);
  expect(kept.every(({ candidate }) => candidate === null)).toBe(true);
  const { temporal } = live.client;
  let histories = 0;
  for await (const { workflowId } of temporal.workflow.list({ query: "WorkflowType = 'credentialRotation'" })) {
    const decoded: string[] = [];
    const history = await temporal.workflow.getHandle(workflowId).fetchHistory();
    for (const event of history.events ?? []) {
      const payloads = [
        ...(event.workflowExecutionStartedEventAttributes?.input?.payloads ?? []),
        ...(event.activityTaskScheduledEventAttributes?.input?.payloads ?? []),
        ...(event.activityTaskCompletedEventAttributes?.result?.payloads ?? []),
      ];
      for (const payload of await temporal.options.loadedDataConverter.payloadCodecs[0]!.decode(payloads)) {
        decoded.push(Buffer.from(payload.data ?? []).toString());
      }
    }
    expect(decoded.join()).toContain('rotationId');
    expect(decoded.join()).not.toMatch(/pit-(of|that)/);
    histories += 1;
  }
  expect(histories).toBeGreaterThan(0);
});
