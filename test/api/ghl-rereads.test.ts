import { randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LeadChange } from '../../domain/lead-change.ts';
import { type ApiWorld, contactCreate, createApiWorld } from './api-world.ts';
import { otherWork } from './other-work.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

/** What GHL leaves of an event above its limit. */
const cutOff = (type: string, id: string, locationId: string) => ({
  type,
  id,
  locationId,
  webhookId: randomUUID(),
  timestamp: new Date().toISOString(),
  payloadTooLarge: true,
});
interface AskedWork {
  capability: string;
  input: { event?: { needsReread?: boolean }; change?: LeadChange };
}
/** What the event asks for. */
async function workOf(event: Record<string, unknown>): Promise<AskedWork[]> {
  await world.deliver({ webhookId: randomUUID(), ...event }).expect(200);
  const stored = await world.ownerDb
    .selectFrom('events')
    .select('id')
    .orderBy('received_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow();
  const rows = await world.ownerDb
    .selectFrom('event_capabilities')
    .select(['capability', 'input'])
    .where('cause_id', '=', stored.id)
    // The mirror reads every record that an event names; this is about what is asked besides.
    .where('capability', '<>', 'contact-sync')
    .orderBy('capability')
    .execute();
  return rows;
}
const REREAD = [{ capability: 'account-sync', input: { event: { needsReread: true } } }];

/** A lead that is assigned to the rep of the branch, where it is another contact. */
async function assignedLead(ghlOpportunityId: string | null): Promise<{ leadId: string; contactId: string }> {
  const event = contactCreate();
  await world.deliver(event).expect(200);
  const lead = await world.ownerDb
    .selectFrom('leads')
    .select('id')
    .where('source_contact_id', '=', event.id)
    .executeTakeFirstOrThrow();
  const { agencyId, branch, rep } = world.agency;
  const contactId = `contact-${uuidv7()}`;
  const ids = { id: uuidv7(), agency_id: agencyId, lead_id: lead.id, location_id: branch.id, rep_id: rep.id };
  const shown = { ghl_contact_id: contactId, ghl_opportunity_id: ghlOpportunityId };
  await world.ownerDb
    .insertInto('assignments')
    .values({ ...ids, ...shown, decision_id: uuidv7(), state: 'active' })
    .execute();
  return { leadId: lead.id, contactId };
}

describe('a cut event of a contact', () => {
  const master = () => world.agency.master.ghlId;
  const addTrigger = () =>
    world.ownerDb
      .insertInto('lead_triggers')
      .values({
        id: uuidv7(),
        agency_id: world.agency.agencyId,
        location_id: world.agency.master.id,
        name: `hot-${uuidv7().slice(-6)}`,
        kind: 'tag',
        subject: 'hot',
      })
      .execute();
  beforeEach(() => world.ownerDb.deleteFrom('lead_triggers').execute());

  it('asks for nothing where no trigger waits and no lead is open', async () => {
    expect(await workOf(cutOff('ContactUpdate', 'old', master()))).toEqual([]);
    expect(await workOf(cutOff('ContactTagUpdate', 'old', master()))).toEqual([]);
    await addTrigger();
    expect(await workOf(cutOff('ContactTagUpdate', 'old', world.agency.branch.ghlId))).toEqual([]);
  });

  it('is read again where a trigger waits, and leaves the memory of triggers alone until then', async () => {
    await addTrigger();
    for (const type of ['ContactUpdate', 'ContactTagUpdate']) {
      expect(await workOf(cutOff(type, 'watched', master()))).toMatchObject(REREAD);
    }
    expect(await world.ownerDb.selectFrom('lead_trigger_states').selectAll().execute()).toEqual([]);
    const whole = { type: 'ContactTagUpdate', id: 'watched', locationId: master(), tags: ['cold'] };
    expect(await workOf(whole)).toEqual([]);
  });

  it('that makes a lead starts it at once, and is the base line of triggers when it has been read', async () => {
    await addTrigger();
    const asked = await workOf(cutOff('ContactCreate', `contact-${uuidv7()}`, master()));
    expect(asked.map((each) => each.capability)).toEqual(['account-sync', 'lead-intake']);
  });

  it('is read again where its lead may have got another rep, and ends the lead without that when it was deleted', async () => {
    const { contactId } = await assignedLead(null);
    const branch = world.agency.branch.ghlId;
    expect(await workOf(cutOff('ContactUpdate', contactId, branch))).toMatchObject(REREAD);
    expect(await workOf(cutOff('ContactDelete', contactId, branch))).toMatchObject([
      { capability: 'lead-follow-up', input: { change: { kind: 'contact-deleted' } } },
    ]);
    expect(await workOf(cutOff('ContactUpdate', contactId, world.neighbour.branch.ghlId))).toEqual([]);
  });
});

describe('an event of an opportunity', () => {
  const branch = () => world.agency.branch.ghlId;
  const won = (more: Record<string, unknown>) => ({
    type: 'OpportunityUpdate',
    id: 'o',
    status: 'won',
    locationId: branch(),
    ...more,
  });

  it('that is cut asks for nothing in a location without open leads', async () => {
    expect(await workOf(cutOff('OpportunityUpdate', 'o', world.neighbour.branch.ghlId))).toEqual([]);
  });

  it('that is cut is read again, unless it is ours and was deleted', async () => {
    const own = `opportunity-${uuidv7()}`;
    await assignedLead(own);
    for (const id of [own, 'somebody-s']) {
      expect(await workOf(cutOff('OpportunityStatusUpdate', id, branch()))).toMatchObject(REREAD);
    }
    expect(await workOf(cutOff('OpportunityDelete', 'somebody-s', branch()))).toMatchObject(REREAD);
    expect(await workOf(cutOff('OpportunityDelete', own, branch()))).toMatchObject([
      { capability: 'lead-follow-up', input: { change: { kind: 'opportunity-deleted' } } },
    ]);
    expect(await workOf(cutOff('OpportunityStageUpdate', own, branch()))).toEqual([]);
  });

  it('that ended tells the lead when it was made and when it ended; without its age GHL is asked first', async () => {
    const { contactId } = await assignedLead(null);
    const [dateAdded, timestamp] = ['2026-02-01T10:00:00.000Z', '2026-02-02T10:00:00.000Z'];
    const change = { kind: 'opportunity-ended', status: 'won', createdAt: dateAdded, occurredAt: timestamp };
    expect(await workOf(won({ contactId, dateAdded, timestamp }))).toMatchObject([{ input: { change } }]);
    expect(await workOf(won({ contactId }))).toMatchObject(REREAD);
    expect(await workOf(won({ contactId, status: 'open' }))).toEqual([]);
  });
});

describe('a hundred cut updates of old customers', () => {
  it('leave nothing waiting', async () => {
    await world.ownerDb.deleteFrom('lead_triggers').execute();
    const before = await otherWork(world.ownerDb);
    const { ghlId } = world.agency.master;
    for (let batch = 0; batch < 1; batch += 1) {
      const updates = Array.from({ length: 100 }, () =>
        world.deliver(cutOff('ContactUpdate', `old-${randomUUID()}`, ghlId)).expect(200),
      );
      await Promise.all(updates);
    }
    expect(await otherWork(world.ownerDb)).toHaveLength(before.length);
  });
});
