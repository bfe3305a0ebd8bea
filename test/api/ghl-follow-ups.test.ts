import { randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitToPass } from '../stack/wait.ts';
import { type ApiWorld, contactCreate, createApiWorld } from './api-world.ts';
import { otherWork } from './other-work.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const OLD = '2020-05-01T00:00:00.000Z';
const leadsOf = (contactId: string) =>
  world.ownerDb.selectFrom('leads').selectAll().where('source_contact_id', '=', contactId).orderBy('id').execute();
const update = (id: string, more: Record<string, unknown> = {}) =>
  world.deliver({ type: 'ContactUpdate', id, webhookId: randomUUID(), dateAdded: OLD, ...more }).expect(200);
const changesOf = (leadId: string) =>
  world.client.handovers.flatMap((each) => (each.method === 'changeLead' && each.leadId === leadId ? [each.kind] : []));

describe('what is a lead', () => {
  it.each([
    ['a contact made before the account went live', { dateAdded: OLD }],
    ['a contact we made ourselves, by its source', { source: 'Switchyard' }],
  ])('is not %s', async (_case, more) => {
    const event = contactCreate(more);
    await world.deliver(event).expect(200);
    expect(await leadsOf(event.id)).toEqual([]);
  });

  it('is not a contact made in an ordinary location, nor an update of any contact', async () => {
    const event = contactCreate({ locationId: world.agency.branch.ghlId });
    await world.deliver(event).expect(200);
    await update(event.id, { locationId: world.agency.master.ghlId });
    expect(await leadsOf(event.id)).toEqual([]);
  });

  it('is not a contact of an account that only observes yet', async () => {
    const { id } = world.neighbour.master;
    await world.ownerDb.updateTable('locations').set({ live_at: null }).where('id', '=', id).execute();
    const event = contactCreate({ locationId: world.neighbour.master.ghlId });
    await world.deliver(event).expect(200);
    expect(await leadsOf(event.id)).toEqual([]);
  });

  it('is made once for a contact, however many deliveries tell of its creation', async () => {
    const event = contactCreate();
    await world.deliver(event).expect(200);
    await world.deliver({ ...event, webhookId: randomUUID() }).expect(200);
    expect(await leadsOf(event.id)).toHaveLength(1);
  });
});

describe('a trigger', () => {
  const name = `hot-${uuidv7().slice(-6)}`;
  beforeAll(async () => {
    const { agencyId, master } = world.agency;
    const created_at = new Date('2026-01-01T00:00:00Z');
    const trigger = { id: uuidv7(), agency_id: agencyId, location_id: master.id, created_at };
    await world.ownerDb
      .insertInto('lead_triggers')
      .values({ ...trigger, name, kind: 'tag', subject: 'Hot' })
      .execute();
  });

  it('makes a lead each time its tag is put on a contact it has seen without', async () => {
    const id = `contact-${uuidv7()}`;
    await update(id, { tags: ['cold'] });
    expect(await leadsOf(id)).toEqual([]);
    await update(id, { tags: ['hot'] });
    await update(id, { tags: ['hot', 'other'] });
    expect(await leadsOf(id)).toMatchObject([{ trigger_name: name }]);
    await update(id, { tags: [] });
    await update(id, { tags: ['hot'] });
    expect(await leadsOf(id)).toHaveLength(2);
  });

  it('makes nothing of an old customer it sees first with the tag, nor of a late delivery', async () => {
    const old = `contact-${uuidv7()}`;
    await update(old, { tags: ['hot'] });
    expect(await leadsOf(old)).toEqual([]);

    const late = `contact-${uuidv7()}`;
    await update(late, { tags: ['hot'], timestamp: '2026-03-02T00:00:00Z' });
    await update(late, { tags: [], timestamp: '2026-03-01T00:00:00Z' });
    await update(late, { tags: ['hot'], timestamp: '2026-03-03T00:00:00Z' });
    expect(await leadsOf(late)).toEqual([]);
  });

  describe('that was set up late', () => {
    const tag = `late-${uuidv7().slice(-6)}`;
    const before = [
      contactCreate({ tags: [tag] }),
      contactCreate({ tags: [tag] }),
      contactCreate({ tags: [] }),
    ] as const;
    const touch = (
      contact: (typeof before)[number],
      type: string,
      tags: string[],
      more: Record<string, unknown> = {},
    ) =>
      world
        .deliver({ type, id: contact.id, webhookId: randomUUID(), dateAdded: contact['dateAdded'], tags, ...more })
        .expect(200);
    const triggered = async (contactId: string) =>
      (await leadsOf(contactId)).map((lead) => lead.trigger_name).filter((each) => each !== null);
    beforeAll(async () => {
      for (const contact of before) await world.deliver(contact).expect(200);
      const { agencyId, master } = world.agency;
      await world.ownerDb
        .insertInto('lead_triggers')
        .values({ id: uuidv7(), agency_id: agencyId, location_id: master.id, name: tag, kind: 'tag', subject: tag })
        .execute();
    });

    it('makes nothing of the first edit of a contact that carried its tag before, however new that is', async () => {
      const [edited, tagged] = before;
      await touch(edited, 'ContactUpdate', [tag]);
      await touch(tagged, 'ContactTagUpdate', [tag, 'other']);
      expect([await triggered(edited.id), await triggered(tagged.id)]).toEqual([[], []]);
      await touch(edited, 'ContactTagUpdate', []);
      await touch(edited, 'ContactTagUpdate', [tag]);
      expect(await triggered(edited.id)).toEqual([tag]);
    });

    it('takes no view from before it was there for the base line', async () => {
      const [, , contact] = before;
      await touch(contact, 'ContactUpdate', [], { timestamp: '2026-03-01T00:00:00Z' });
      await touch(contact, 'ContactTagUpdate', [tag]);
      expect(await triggered(contact.id)).toEqual([]);
    });

    it('makes a lead of a contact made since, whose creation never came', async () => {
      const contact = contactCreate();
      await touch(contact, 'ContactTagUpdate', [tag]);
      expect(await triggered(contact.id)).toEqual([tag]);
    });
  });

  it('makes no second lead when the contact is created with the tag', async () => {
    const event = contactCreate({ tags: ['hot'] });
    await world.deliver(event).expect(200);
    await update(event.id, { tags: ['hot'], dateAdded: event['dateAdded'] });
    expect(await leadsOf(event.id)).toHaveLength(1);
  });
});

describe('an open lead', () => {
  /** A lead that is assigned to the rep of the branch, where it is another contact. */
  async function assignedLead(): Promise<{ leadId: string; contactId: string; opportunityId: string }> {
    const event = contactCreate();
    await world.deliver(event).expect(200);
    const leadId = (await leadsOf(event.id))[0]!.id;
    await waitToPass(async () => {
      const work = world.ownerDb.selectFrom('event_capabilities').select('sequence').where('state', '=', 'pending');
      expect(await work.where('ordering_key', '=', `lead:${leadId}`).execute()).toEqual([]);
    });
    const { agencyId, branch, rep } = world.agency;
    const contactId = `contact-${uuidv7()}`;
    const opportunityId = `opportunity-${uuidv7()}`;
    await world.ownerDb
      .insertInto('assignments')
      .values({
        id: uuidv7(),
        agency_id: agencyId,
        lead_id: leadId,
        location_id: branch.id,
        rep_id: rep.id,
        decision_id: uuidv7(),
        state: 'active',
        ghl_contact_id: contactId,
        ghl_opportunity_id: opportunityId,
      })
      .execute();
    return { leadId, contactId, opportunityId };
  }
  const inBranch = (type: string, more: Record<string, unknown>) =>
    world.deliver({ type, locationId: world.agency.branch.ghlId, webhookId: randomUUID(), ...more }).expect(200);

  it('hears of the end and the loss of its opportunity and of its contact', async () => {
    const { leadId, contactId, opportunityId } = await assignedLead();
    const ofIt = { id: opportunityId, contactId };
    await inBranch('OpportunityStatusUpdate', { ...ofIt, status: 'open' });
    await inBranch('OpportunityStatusUpdate', { ...ofIt, status: 'won' });
    await waitToPass(() => expect(changesOf(leadId)).toEqual(['opportunity-ended']));
    await inBranch('OpportunityDelete', { id: opportunityId });
    await waitToPass(() => expect(changesOf(leadId)).toEqual(['opportunity-ended', 'opportunity-deleted']));
    await inBranch('ContactDelete', { id: contactId });
    await waitToPass(() => expect(changesOf(leadId)).toContain('contact-deleted'));
  });

  it('hears of a reassignment made in GHL, and not of the echo of ours', async () => {
    const { leadId, contactId } = await assignedLead();
    await inBranch('ContactUpdate', { id: contactId, assignedTo: world.agency.rep.ghlUserId });
    await inBranch('ContactUpdate', { id: contactId, assignedTo: null });
    await inBranch('ContactUpdate', { id: contactId, assignedTo: 'somebody-else' });
    await waitToPass(() => expect(changesOf(leadId)).toEqual(['assigned-in-ghl']));
  });

  it.each([
    ['before GHL’s answer is stored', () => null],
    ['after it', (contactId: string) => contactId],
  ])('hears of no echo while it changes hands in its location, %s', async (_when, contactOf) => {
    const { leadId, contactId } = await assignedLead();
    const { agencyId, branch, rep } = world.agency;
    const colleague = { id: uuidv7(), ghlUserId: `colleague-${leadId}` };
    await world.ownerDb
      .insertInto('reps')
      .values({
        id: colleague.id,
        agency_id: agencyId,
        location_id: branch.id,
        ghl_user_id: colleague.ghlUserId,
        name: 'Colleague',
        status: 'active',
      })
      .execute();
    await world.ownerDb
      .insertInto('assignments')
      .values({
        id: uuidv7(),
        agency_id: agencyId,
        lead_id: leadId,
        location_id: branch.id,
        rep_id: colleague.id,
        decision_id: uuidv7(),
        state: 'reserved',
        ghl_contact_id: contactOf(contactId),
      })
      .execute();
    await inBranch('ContactUpdate', { id: contactId, assignedTo: colleague.ghlUserId });
    await inBranch('ContactUpdate', { id: contactId, assignedTo: rep.ghlUserId });
    await inBranch('ContactUpdate', { id: contactId, assignedTo: 'somebody-else' });
    const told = await world.ownerDb
      .selectFrom('event_capabilities')
      .select('input')
      .where('ordering_key', '=', `lead:${leadId}`)
      .where('capability', '=', 'lead-follow-up')
      .execute();
    expect(told).toMatchObject([{ input: { change: { kind: 'assigned-in-ghl', ghlUserId: 'somebody-else' } } }]);
  });

  it('makes the creation of the contact that we wrote for it no lead', async () => {
    const { contactId } = await assignedLead();
    await world.deliver(contactCreate({ id: contactId })).expect(200);
    expect(await leadsOf(contactId)).toEqual([]);
  });

  it("hears nothing of another tenant's contact with the same id", async () => {
    const { leadId, contactId } = await assignedLead();
    await inBranch('ContactDelete', { id: contactId, locationId: world.neighbour.branch.ghlId });
    const other = await assignedLead();
    await inBranch('ContactDelete', { id: other.contactId });
    await waitToPass(() => expect(changesOf(other.leadId)).toEqual(['contact-deleted']));
    expect(changesOf(leadId)).toEqual([]);
  });
});

describe('an event of an account', () => {
  const accountEvents = (locationId: string | null) =>
    world.client.handovers.filter((each) => each.method === 'accountEvent' && each.locationId === locationId);

  it('is handed to the workflow of its account', async () => {
    const { branch } = world.agency;
    for (const type of ['INSTALL', 'UserCreate', 'UserUpdate', 'UserDelete', 'UNINSTALL']) {
      await world.deliver({ type, id: 'u1', locationId: branch.ghlId, webhookId: randomUUID() }).expect(200);
    }
    await waitToPass(() => expect(accountEvents(branch.id)).toHaveLength(5));
  });

  it('may be an install of a location that nobody knows yet, of a company that is known', async () => {
    const install = { type: 'INSTALL', locationId: `new-${randomUUID()}`, companyId: world.agency.companyId };
    const answer = await world.deliver({ ...install, webhookId: randomUUID() }).expect(200);
    expect(answer.body).toMatchObject({ status: 'accepted' });
    await waitToPass(() => expect(accountEvents(null)).toHaveLength(1));
    const unknown = await world
      .deliver({ ...install, type: 'UserCreate', id: 'u', webhookId: randomUUID() })
      .expect(200);
    expect(unknown.body).toMatchObject({ status: 'unknown-tenant' });
  });
});

describe('hundreds of updates of old customers', () => {
  it('start nothing but reads for the mirror', async () => {
    const others = () => world.client.handovers.filter((each) => each.method !== 'contactChanged');
    const before = others().length;
    const workBefore = (await otherWork(world.ownerDb)).length;
    for (let batch = 0; batch < 3; batch += 1) {
      await Promise.all(Array.from({ length: 100 }, () => update(`old-${randomUUID()}`, { tags: ['sale'] })));
    }
    expect(others()).toHaveLength(before);
    expect(await otherWork(world.ownerDb)).toHaveLength(workBefore);
  });
});
