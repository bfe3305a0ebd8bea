import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseKeyRing } from '../../crypto/key-ring.ts';
import { addDeadLetter } from '../../db/dead-letters.ts';
import { withScope } from '../../db/scope.ts';
import { findFreePort } from '../../scripts/stack/ports.ts';
import { createLeadHarness, type LeadHarness, somebody } from '../stack/lead-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { waitFor } from '../stack/wait.ts';
import { type LiveSystem, startLiveSystem } from '../system/live-system.ts';
import { type CliRunner, createCliRunner } from './harness.ts';

const ENCRYPTION_KEYS = `1:${randomBytes(32).toString('base64')}`;

let live: LiveSystem;
let leads: LeadHarness;
let cli: CliRunner;
let environment: Record<string, string>;
let agency: string[];
let neighbour: string;
beforeAll(async () => {
  live = await startLiveSystem({ keys: parseKeyRing(ENCRYPTION_KEYS) });
  leads = createLeadHarness(live, await live.plant(smallAgency('one'), live.webhookUrl));
  neighbour = (await live.plant(smallAgency('two'))).agencyId;
  agency = ['--agency', leads.agencyId];
  environment = {
    DATABASE_URL: live.database.url,
    ENCRYPTION_KEYS,
    TEMPORAL_ADDRESS: live.temporalAddress,
    TEMPORAL_NAMESPACE: live.namespace,
  };
  cli = await createCliRunner(environment);
});
afterAll(async () => {
  await cli.close();
  await live.stop();
});

/** A person who asks in the master's GHL account. */
async function ask(webhookId: string = randomUUID()) {
  const { postcode: postalCode, ...person } = somebody('02116');
  const contactId = `contact-${webhookId}`;
  const event = {
    type: 'ContactCreate',
    webhookId,
    id: contactId,
    locationId: 'one-loc-master',
    ...person,
    postalCode,
  };
  expect(await live.deliver(event)).toBe(200);
  const lead = await waitFor('the lead', () =>
    live.database.ownerDb.selectFrom('leads').selectAll().where('source_contact_id', '=', contactId).executeTakeFirst(),
  );
  return { leadId: lead.id, contactId, webhookId };
}

/** What `why` says, which must fit a screen. */
async function why(...args: string[]): Promise<string> {
  const ran = await cli.run(['why', ...args, ...agency]);
  expect(ran.error).toBe('');
  expect(ran.out.split('\n').length).toBeLessThan(60);
  expect(ran.out).not.toMatch(/First\d+|Whortleberry|@x\.test/);
  return ran.out;
}
const lastLine = (out: string): string => out.trimEnd().split('\n').at(-1)!;

describe('why', () => {
  it('tells of a lead what came, what was decided and done, and how it stands', async () => {
    const { leadId } = await ask();
    await leads.inState(leadId, 'assigned');
    const out = await waitFor('the lead to rest', async () => {
      const said = await why(leadId);
      return /now: the lead is assigned/.test(said) && said;
    });
    expect(out).toMatch(/Came in\n.*\n\S+ +ghl +ContactCreate +accepted/);
    expect(out).toMatch(/lead-intake +started/);
    expect(out).toMatch(/Decided\n.*\n.*route +assigned/);
    expect(out).toContain(`lead-intake/${leads.agencyId}/${leadId}`);
    expect(out).toContain('RUNNING');
    expect(lastLine(out)).toMatch(/^now: the lead is assigned, because \S+.*, you can: .*leads reassign/);
  });

  it('finds the same by the webhook’s id, and by the contact’s ids in GHL where it came from and where it went', async () => {
    const { leadId, webhookId, contactId } = await ask();
    await leads.inState(leadId, 'assigned');
    expect(await why('event', webhookId)).toContain(leadId);
    const assignment = await live.database.ownerDb
      .selectFrom('assignments')
      .select('ghl_contact_id')
      .where('lead_id', '=', leadId)
      .executeTakeFirstOrThrow();
    for (const ghlId of [contactId, assignment.ghl_contact_id!]) {
      const told = await cli.json<{ kind: string; leads: { id: string }[] }>(['why', ghlId, ...agency]);
      expect(told).toMatchObject({ kind: 'contact', leads: [{ id: leadId }] });
    }
    expect(await why(contactId)).toMatch(/ghl +ContactCreate +accepted/);
  });

  it('says of a contact why it is no lead, found by its own id and by that of its event', async () => {
    const { postcode: postalCode, ...person } = somebody('10011');
    const [webhookId, ghlId] = [randomUUID(), `contact-${randomUUID()}`];
    const of = { locationId: 'one-loc-chelsea', id: ghlId, ...person, postalCode };
    expect(await live.deliver({ type: 'ContactCreate', webhookId, ...of })).toBe(200);
    const { ownerDb } = live.database;
    const location = leads.location('chelsea');
    const place = { agency_id: leads.agencyId, location_id: location };
    const seen = { ghl_id: ghlId, fields: '{}', observed_at: new Date(), found_by: 'poll' as const };
    await ownerDb
      .insertInto('contacts')
      .values({ ...place, ...seen })
      .execute();
    const expected = new RegExp(`no lead, because its location is no intake account.*set ${location} --intake`);
    for (const asked of [
      ['event', webhookId],
      ['contact', ghlId],
    ])
      await waitFor('what follows from it', async () => expected.test(lastLine(await why(...asked))));
    const observing = { is_intake: true, live_at: null };
    await ownerDb.updateTable('locations').set(observing).where('id', '=', location).execute();
    expect(lastLine(await why('event', webhookId))).toContain('no lead, because its location only observes');
  });

  it('says of the contact that a lead was placed in whose it is', async () => {
    const { leadId } = await ask();
    await leads.inState(leadId, 'assigned');
    const { ghl_contact_id: id } = await live.database.ownerDb
      .selectFrom('assignments')
      .select('ghl_contact_id')
      .where('lead_id', '=', leadId)
      .executeTakeFirstOrThrow();
    const webhookId = randomUUID();
    const echo = { type: 'ContactCreate', webhookId, id, locationId: 'one-loc-back-bay' };
    expect(await live.deliver(echo)).toBe(200);
    await waitFor('what follows from it', async () =>
      lastLine(await why('event', webhookId)).includes(`because we made it ourselves, for the lead ${leadId}`),
    );
  });

  it('finds a message with its contact', async () => {
    const ghlId = `message-${randomUUID()}`;
    const place = { agency_id: leads.agencyId, location_id: leads.location('back-bay') };
    await live.database.ownerDb
      .insertInto('messages')
      .values({
        ...place,
        ghl_id: ghlId,
        fields: '{}',
        ghl_created_at: new Date(),
        observed_at: new Date(),
        found_by: 'poll',
      })
      .execute();
    expect(await why('message', ghlId)).toMatch(/^message\n/);
  });

  it('says which step is tried again while GHL is in trouble, and why', async () => {
    await live.simulator.addFault({
      method: 'POST',
      path: '/contacts',
      locationId: 'one-loc-back-bay',
      status: 503,
    });
    try {
      const { leadId } = await ask();
      const out = await waitFor('a failed attempt', async () => {
        const said = await why('lead', leadId);
        return said.includes('GhlUnavailable') && said;
      });
      expect(lastLine(out)).toMatch(/^now: \w+ is tried again \(attempt \d+.*because GHL does not answer/);
    } finally {
      await live.simulator.clearFaults();
    }
  });

  it('puts a dead letter and what to do about it last', async () => {
    const { leadId } = await ask();
    await leads.inState(leadId, 'assigned');
    await withScope(live.database.db, { agencyId: leads.agencyId }, (tx) =>
      addDeadLetter(tx, {
        agencyId: leads.agencyId,
        locationId: null,
        capability: 'lead-intake',
        cause: 'step:note:GhlInvalid',
        advice: 'Write the note by hand.',
        subject: { kind: 'lead', id: leadId },
        workflowId: null,
      }),
    );
    expect(lastLine(await why(leadId))).toContain('because step:note:GhlInvalid, you can: Write the note by hand.');
  });

  it('says nothing to programs of where a person lives, nor what an operator wrote about them', async () => {
    const { leadId } = await ask();
    await leads.inState(leadId, 'assigned');
    const of = { agencyId: leads.agencyId, locationId: null, capability: 'lead-intake' as const, workflowId: null };
    await withScope(live.database.db, { agencyId: leads.agencyId }, (tx) =>
      addDeadLetter(tx, { ...of, cause: 'step:note:X', advice: 'x', subject: { kind: 'lead', id: leadId } }),
    );
    const { ownerDb } = live.database;
    const put = { resolved_at: new Date(), resolution: 'discarded', discard_reason: 'Whortleberry has moved' };
    await ownerDb.updateTable('dead_letters').set(put).where('subject_id', '=', leadId).execute();
    const stored = await ownerDb
      .selectFrom('decisions')
      .selectAll()
      .where('lead_id', '=', leadId)
      .executeTakeFirstOrThrow();
    expect(JSON.stringify(stored.inputs)).toContain('02116');
    const told = await cli.json<{ decisions: { candidates: object[] }[]; letters: object[] }>([
      'why',
      leadId,
      ...agency,
    ]);
    expect(told.decisions).toMatchObject([{ outcome: 'assigned', candidates: expect.any(Array) as object[] }]);
    expect(told.decisions[0]!.candidates.length).toBe(stored.candidates.length);
    expect(told.letters).toMatchObject([{ cause: 'step:note:X', resolution: 'discarded' }]);
    const said = JSON.stringify(told);
    for (const secret of ['02116', 'inputs', 'latitude', 'distanceKm', 'discard_reason', 'Whortleberry']) {
      expect(said).not.toContain(secret);
    }
  });

  it('shows what the database knows while Temporal is away, and says that it is', async () => {
    const { leadId } = await ask();
    await leads.inState(leadId, 'assigned');
    const away = { ...environment, TEMPORAL_ADDRESS: `127.0.0.1:${await findFreePort()}` };
    const cut = await createCliRunner(away);
    try {
      const ran = await cut.run(['why', leadId, ...agency]);
      expect(ran.code).toBe(0);
      expect(ran.out).toMatch(/Temporal\n.*\nlead-intake\S+ +away/);
      expect(ran.out).toMatch(/Decided\n.*\n.*route/);
    } finally {
      await cut.close();
    }
  });

  it('tells nothing of a neighbour’s, and refuses what is no id', async () => {
    const { leadId, webhookId } = await ask();
    for (const id of [leadId, webhookId]) {
      const ran = await cli.run(['why', id, '--agency', neighbour]);
      expect(ran).toMatchObject({ code: 1, out: '' });
      expect(ran.error).toContain('The agency has no lead, contact, event or message');
    }
    expect(await cli.run(['why', 'somebody@x.test', ...agency])).toMatchObject({ code: 2 });
    expect(await cli.run(['why', 'invoice', leadId, ...agency])).toMatchObject({ code: 2 });
  });
});
