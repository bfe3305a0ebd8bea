import { randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { changeContact } from '../../db/contact-changes.ts';
import { lockContact } from '../../db/contacts.ts';
import { saveInstall } from '../../db/installs.ts';
import { withScope } from '../../db/scope.ts';
import { type ApiWorld, createApiWorld, keyRing } from './api-world.ts';
import { type ContactHarness, createContactHarness } from './contact-harness.ts';
import { createLetterHarness, type LetterHarness } from './letter-harness.ts';

let world: ApiWorld;
let letters: LetterHarness;
let contacts: ContactHarness;
beforeAll(async () => {
  world = await createApiWorld();
  letters = createLetterHarness(world);
  contacts = createContactHarness(world);
  const { agencyId } = world.agency;
  for (const locationId of [world.agency.branch.id, world.agency.master.id]) {
    const owner = { agencyId, locationId, kind: 'pit' as const, userType: 'Location' as const };
    const tokens = { accessToken: `pit-${randomUUID()}`, refreshToken: null, expiresAt: null, scopes: [] };
    await withScope(world.db, { agencyId }, (tx) => saveInstall(tx, keyRing, { ...owner, ...tokens }, new Date()));
  }
});
afterAll(() => world.close());
beforeEach(() => letters.empty());

const setFailed = async (contactId: string) => {
  await world.ownerDb
    .updateTable('contact_edits')
    .set({ state: 'failed', reason: 'GhlInvalid', settled_at: new Date() })
    .where('contact_id', '=', contactId)
    .execute();
  return letters.letter({
    capability: 'contact-sync',
    cause: 'edit:GhlInvalid',
    subject: { kind: 'contact', id: contactId },
  });
};
const changed = async (): Promise<string> => {
  const id = await contacts.mirrored({ firstName: 'Ada' });
  const act = { actor: 'test', origin: 'api' as const, now: new Date() };
  await withScope(world.db, { agencyId: world.agency.agencyId }, async (tx) =>
    changeContact(tx, (await lockContact(tx, id))!, [{ field: 'firstName', value: 'Bea' }], act),
  );
  await letters.nothingPending();
  world.client.handovers = [];
  return id;
};

describe('POST /v1/dead-letters/:id/redrive, of what keeps contacts and the mirror in step', () => {
  it('reads a record again', async () => {
    const subject = { kind: 'record' as const, id: 'note:ghl-note-1' };
    const id = await letters.letter({ capability: 'contact-sync', cause: 'read:GhlInvalid', subject });
    expect((await letters.redrive(id)).body).toMatchObject({ way: 'read-record' });
    expect(await letters.handed('contactChanged')).toMatchObject({ record: 'note/ghl-note-1' });
  });

  it('writes again what GHL did not take of a contact', async () => {
    const contactId = await changed();
    const id = await setFailed(contactId);
    expect((await letters.redrive(id)).body).toMatchObject({ way: 'contact-edits' });
    expect(await letters.handed('contactEdited')).toMatchObject({ record: contactId });
    expect(await contacts.edits(contactId)).toMatchObject([{ state: 'pending' }]);
    const none = await letters.letter({
      capability: 'contact-sync',
      cause: 'edit:X',
      subject: { kind: 'contact', id: contactId },
    });
    expect((await letters.redrive(none)).body).toMatchObject({ status: 409, code: 'nothing-failed' });
    expect(await contacts.edits(contactId)).toMatchObject([{ state: 'pending' }]);
  });

  it('lets a merge go on that stopped half way', async () => {
    const { agencyId, branch } = world.agency;
    const [survivorId, loserId] = [
      await contacts.mirrored({ firstName: 'A' }),
      await contacts.mirrored({ firstName: 'B' }),
    ];
    const mergeId = uuidv7();
    const pair = { survivor_id: survivorId, loser_id: loserId, accepts_loss: true };
    const of = { id: mergeId, agency_id: agencyId, location_id: branch.id, actor: 'test', origin: 'api' as const };
    const now = new Date();
    const end = { made_at: now, tried_at: now, ended_at: now, outcome: 'failed' as const, reason: 'GhlInvalid' };
    await world.ownerDb
      .insertInto('contact_merges')
      .values({ ...of, ...pair, ...end })
      .execute();
    const subject = { kind: 'contact-merge' as const, id: mergeId };
    const id = await letters.letter({ capability: 'contact-sync', cause: 'merge:GhlInvalid', subject });
    expect((await letters.redrive(id)).body).toMatchObject({ way: 'contact-merge' });
    expect(await letters.handed('startContactMerge')).toMatchObject({ record: mergeId });
    const merge = await world.ownerDb.selectFrom('contact_merges').selectAll().where('id', '=', mergeId).execute();
    expect(merge).toMatchObject([{ outcome: null, accepts_loss: true }]);
  });

  it('asks a location for its fields once, and leaves it to the answer to settle the letters', async () => {
    const { branch } = world.agency;
    const drifted = (name: string) =>
      letters.letter({
        capability: 'contact-sync',
        cause: 'field-drift:gone',
        subject: { kind: 'field-mapping', id: `${branch.id}/${name}` },
      });
    const ids = [await drifted('colour'), await drifted('size')];
    world.client.isAway = true;
    for (const id of ids) expect((await letters.redrive(id)).body).toMatchObject({ way: 'check-fields' });
    world.client.isAway = false;
    expect(await letters.handed('startFieldCheck')).toMatchObject({ locationId: branch.id });
    await letters.nothingPending();
    expect(world.client.handovers).toHaveLength(1);
    for (const id of ids) expect(await letters.stored(id)).toMatchObject({ resolved_at: null });
  });

  it('makes a pass of polling due now', async () => {
    const { agencyId, branch } = world.agency;
    const later = new Date(Date.now() + 3_600_000);
    const pass = { agency_id: agencyId, location_id: branch.id, resource: 'contact', kind: 'delta' } as const;
    await world.ownerDb
      .insertInto('poll_passes')
      .values({ ...pass, due_at: later, failures: 5 })
      .execute();
    const subject = { kind: 'poll-pass' as const, id: `${branch.id}:contact:delta` };
    const id = await letters.letter({ capability: 'poll-sync', cause: 'poll:GhlForbidden', subject });
    expect((await letters.redrive(id)).body).toMatchObject({ way: 'poll-pass' });
    const { due_at: dueAt } = await world.ownerDb.selectFrom('poll_passes').select('due_at').executeTakeFirstOrThrow();
    expect(dueAt.getTime()).toBeLessThanOrEqual(Date.now());
    const other = { kind: 'poll-pass' as const, id: `${branch.id}:contact:sweep` };
    const none = await letters.letter({ capability: 'poll-sync', cause: 'poll:GhlForbidden', subject: other });
    expect((await letters.redrive(none)).body).toMatchObject({ status: 409, code: 'pass-unknown' });
  });

  it('starts another run for the part of a backfill that failed, as the first was asked for', async () => {
    const { agencyId, branch, master } = world.agency;
    const runId = uuidv7();
    const from = new Date('2026-01-01T00:00:00Z');
    const run = {
      id: runId,
      agency_id: agencyId,
      root_id: master.id,
      resources: ['contact', 'opportunity'],
      from_at: from,
    };
    await world.ownerDb
      .insertInto('backfill_runs')
      .values({ ...run, names: 'listed', workflow_id: 'x', made_by: 'test' })
      .execute();
    const subject = { kind: 'backfill' as const, id: `${runId}/opportunity` };
    const id = await letters.letter({ capability: 'backfill', cause: 'part:GhlForbidden', subject });
    expect((await letters.redrive(id)).body).toMatchObject({ way: 'backfill' });
    const started = (await letters.handed('startBackfillRun')).runId!;
    const made = await world.ownerDb.selectFrom('backfill_runs').selectAll().where('id', '=', started).execute();
    expect(made).toMatchObject([
      { location_id: branch.id, resources: ['opportunity'], from_at: from, names: 'listed' },
    ]);
  });
});
