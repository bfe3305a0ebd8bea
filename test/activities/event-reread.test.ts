import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { unseal } from '../../crypto/seal.ts';
import type { AccountEvent } from '../../domain/account-event.ts';
import type { LeadChange } from '../../domain/lead-change.ts';
import { run } from '../stack/activity-bench.ts';
import { somebody } from '../stack/lead-harness.ts';
import { failureOf } from './failure.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';
import { atOnce, expectToRepeat } from './picture.ts';

let all: Neighbours;
beforeAll(async () => {
  all = await startNeighbours();
});
afterAll(() => all.bench.stop());

const argsOf = (event: AccountEvent) => ({ agencyId: all.agency.agencyId, event: { ...event, needsReread: true } });
/** An event of which GHL has left type and id. */
const cutOff = async (type: string, id: string, from: string) => {
  const body = { type, id, locationId: all.agency.ghlLocation(from), payloadTooLarge: true };
  return argsOf(await all.agency.event(body, from));
};
const reread = (args: ReturnType<typeof argsOf>) =>
  expectToRepeat(all.bench, all, all.bench.accountsGhl.rereadEvent, args);
const workOf = async ({ event }: ReturnType<typeof argsOf>) => {
  const rows = await all.bench.database.ownerDb
    .selectFrom('event_capabilities')
    .select(['capability', 'input'])
    .where('cause_id', '=', event.eventRowId)
    .execute();
  return rows as { capability: string; input: { leadId: string; change: LeadChange } }[];
};
const contactIdOf = async (leadId: string) => (await all.agency.assignments(leadId))[0]!.ghl_contact_id!;

describe('a cut update of a lead’s contact', () => {
  it('tells the lead of the rep that GHL shows now, once, and keeps the body whole', async () => {
    const { bench, agency } = all;
    const held = await agency.placed(somebody('02116'));
    const ghlContactId = await contactIdOf(held.leadId);
    await bench.simulator.updateContact(ghlContactId, { assignedTo: 'somebody-else' });
    const args = await cutOff('ContactUpdate', ghlContactId, 'back-bay');
    expect(await reread(args)).toBe('followed');
    const change = { kind: 'assigned-in-ghl', ghlContactId, ghlUserId: 'somebody-else' };
    expect(await workOf(args)).toMatchObject([
      { capability: 'lead-follow-up', input: { leadId: held.leadId, change } },
    ]);
    const stored = await bench.database.ownerDb
      .selectFrom('events')
      .select(['body', 'location_id'])
      .where('id', '=', args.event.eventRowId)
      .executeTakeFirstOrThrow();
    const owner = { agencyId: agency.agencyId, locationId: stored.location_id, purpose: 'event-body' };
    const body: unknown = JSON.parse(unseal(bench.keys, stored.body!, owner).toString());
    expect(body).toMatchObject({ type: 'ContactUpdate', id: ghlContactId, assignedTo: 'somebody-else' });
    expect(body).not.toHaveProperty('payloadTooLarge');
  });

  it('tells nobody of our own assignment, nor of a contact that was deleted since', async () => {
    const { bench, agency } = all;
    const held = await agency.placed(somebody('02116'));
    const ghlContactId = await contactIdOf(held.leadId);
    const echo = await cutOff('ContactUpdate', ghlContactId, 'back-bay');
    expect(await reread(echo)).toBe('followed');
    await bench.simulator.deleteContact(ghlContactId);
    const late = await cutOff('ContactUpdate', ghlContactId, 'back-bay');
    expect(await reread(late)).toBe('gone');
    expect([await workOf(echo), await workOf(late)]).toEqual([[], []]);
  });
});

describe('a cut event of a contact that a trigger watches', () => {
  const name = `hot-${uuidv7().slice(-6)}`;
  beforeAll(async () => {
    const { agency, bench } = all;
    const trigger = { id: uuidv7(), agency_id: agency.agencyId, location_id: agency.location('master'), name };
    await bench.database.ownerDb
      .insertInto('lead_triggers')
      .values({ ...trigger, kind: 'tag', subject: 'hot' })
      .execute();
  });
  let contactId: string;
  beforeEach(async () => {
    const contact = { locationId: all.agency.ghlLocation('master'), ...somebody() };
    contactId = (await all.bench.simulator.createContact(contact)).id;
    await all.bench.simulator.seed({
      contacts: [{ ...contact, id: contactId, dateAdded: '2024-01-01T00:00:00.000Z' }],
    });
  });
  const made = () =>
    all.bench.database.ownerDb.selectFrom('leads').selectAll().where('source_contact_id', '=', contactId).execute();

  it('makes one lead when the tag has come since it was seen last, and the lead can be routed', async () => {
    const { bench, agency } = all;
    expect(await reread(await cutOff('ContactUpdate', contactId, 'master'))).toBe('followed');
    expect(await made()).toEqual([]);
    await bench.simulator.updateContact(contactId, { tags: ['hot'] });
    const args = await cutOff('ContactTagUpdate', contactId, 'master');
    expect(await reread(args)).toBe('followed');
    const leads = await made();
    expect(leads).toMatchObject([{ trigger_name: name, state: 'received', event_row_id: args.event.eventRowId }]);
    const [lead] = leads;
    expect(await workOf(args)).toMatchObject([{ capability: 'lead-intake', input: { leadId: lead!.id } }]);
    const route = { agencyId: agency.agencyId, leadId: lead!.id, reroute: false };
    expect(await run(bench.leads.routeLead, route)).toMatchObject({ outcome: 'reserved' });
  });

  it('makes one lead however many attempts and events tell of the tag at once', async () => {
    const { bench } = all;
    await run(bench.accountsGhl.rereadEvent, await cutOff('ContactUpdate', contactId, 'master'));
    await bench.simulator.updateContact(contactId, { tags: ['hot'] });
    const [first, second] = [
      await cutOff('ContactTagUpdate', contactId, 'master'),
      await cutOff('ContactUpdate', contactId, 'master'),
    ];
    await Promise.all([atOnce(bench.accountsGhl.rereadEvent, first), atOnce(bench.accountsGhl.rereadEvent, second)]);
    expect(await made()).toHaveLength(1);
  });

  it('that is its creation is the base line, also when the lead it made has read the contact before', async () => {
    const { bench, agency } = all;
    await bench.simulator.updateContact(contactId, { tags: ['hot'] });
    const lead = await agency.cut(contactId);
    await run(bench.ghl.rereadContact, lead);
    const { event_row_id: eventRowId, event_received_at: receivedAt } = await agency.get(lead.leadId);
    const args = argsOf({ eventRowId, eventReceivedAt: receivedAt.toISOString() });
    expect(await reread(args)).toBe('followed');
    expect(await workOf(args)).toEqual([]);
    const states = await bench.database.ownerDb
      .selectFrom('lead_trigger_states')
      .select(['matched', 'occurrence'])
      .where('ghl_contact_id', '=', contactId)
      .execute();
    expect(states).toEqual([{ matched: true, occurrence: 0 }]);
    // A cut event that comes after it finds nothing new.
    expect(await reread(await cutOff('ContactTagUpdate', contactId, 'master'))).toBe('followed');
    expect(await made()).toHaveLength(1);
  });

  it('makes no lead of an old customer who is seen with the tag for the first time', async () => {
    await all.bench.simulator.updateContact(contactId, { tags: ['hot'] });
    expect(await reread(await cutOff('ContactTagUpdate', contactId, 'master'))).toBe('followed');
    expect(await made()).toEqual([]);
  });
});

describe('a cut event of an opportunity', () => {
  /** A lead where no pipeline is set, and an opportunity that a person made for its contact. */
  async function withOpportunity(createdAt?: string) {
    const { bench, agency } = all;
    const held = await agency.placed(somebody('10011'));
    const contactId = await contactIdOf(held.leadId);
    const opportunityId = `opportunity-${uuidv7()}`;
    const made = { id: opportunityId, locationId: agency.ghlLocation('chelsea'), contactId, pipelineId: 'p' };
    const opportunity = { ...made, name: 'Made by hand', status: 'won' as const, ...(createdAt && { createdAt }) };
    await bench.simulator.seed({ opportunities: [opportunity] });
    return { held, contactId, opportunityId };
  }
  const follow = async (event: ReturnType<typeof argsOf>) => {
    const [work] = await workOf(event);
    return run(all.bench.leads.applyChange, { agencyId: all.agency.agencyId, ...work!.input });
  };

  it('ends the lead whose enquiry it belongs to', async () => {
    const { held, contactId, opportunityId } = await withOpportunity();
    const event = await cutOff('OpportunityStatusUpdate', opportunityId, 'chelsea');
    expect(await reread(event)).toBe('followed');
    const change = { kind: 'opportunity-ended', status: 'won', ghlContactId: contactId };
    expect(await workOf(event)).toMatchObject([{ input: { leadId: held.leadId, change } }]);
    expect(await follow(event)).toMatchObject({ action: 'closed', standing: { closeReason: 'won' } });
  });

  it('leaves the lead alone when the opportunity is an old one, also when only its age was missing', async () => {
    const { held, contactId, opportunityId } = await withOpportunity('2024-01-01T00:00:00.000Z');
    const cut = await cutOff('OpportunityUpdate', opportunityId, 'chelsea');
    const body = { type: 'OpportunityUpdate', id: opportunityId, contactId, status: 'won' };
    const locationId = all.agency.ghlLocation('chelsea');
    const unaged = argsOf(await all.agency.event({ ...body, locationId }, 'chelsea'));
    for (const event of [cut, unaged]) {
      expect(await reread(event)).toBe('followed');
      expect(await follow(event)).toMatchObject({ action: 'none', standing: { assignmentId: held.assignmentId } });
    }
  });

  it('is a dead letter when it was deleted and nobody can tell whose it was', async () => {
    const { bench, agency } = all;
    const event = await cutOff('OpportunityDelete', 'nobody-s', 'chelsea');
    const failure = await failureOf(run(bench.accountsGhl.rereadEvent, event));
    expect(failure).toMatchObject({ type: 'OpportunityGone', nonRetryable: true });
    const update = await cutOff('OpportunityUpdate', 'nobody-s', 'chelsea');
    expect(await reread(update)).toBe('gone');
    await expectToRepeat(bench, all, bench.accounts.recordRereadFailure, { ...event, cause: 'OpportunityGone' });
    const letters = (await agency.letters()).filter((letter) => letter.subject_id === event.event.eventRowId);
    expect(letters).toMatchObject([{ cause: 'reread:OpportunityGone', location_id: agency.location('chelsea') }]);
    expect(letters[0]?.advice).toContain('OpportunityDelete');
  });
});

it('waits while GHL is away', async () => {
  const { bench } = all;
  await bench.simulator.addFault({ status: 503, path: '/contacts/' });
  const event = await cutOff('ContactUpdate', 'anybody', 'chelsea');
  const failure = await failureOf(run(bench.accountsGhl.rereadEvent, event));
  expect(failure).toMatchObject({ type: 'GhlUnavailable', nonRetryable: false });
  await bench.simulator.clearFaults();
});
