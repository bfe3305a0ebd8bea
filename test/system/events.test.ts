import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lead } from '../../db/schema.ts';
import type { PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { createLeadHarness, type LeadHarness, somebody } from '../stack/lead-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { waitFor } from '../stack/wait.ts';
import { type LiveSystem, startLiveSystem } from './live-system.ts';

let system: LiveSystem;
let agency: PlantedAgency;
let leads: LeadHarness;
beforeAll(async () => {
  system = await startLiveSystem();
  agency = await system.plant(smallAgency('one'), system.webhookUrl);
  leads = createLeadHarness(system, agency);
});
afterAll(() => system.stop());

/** A person who asks in the master's GHL account. */
async function ask(postcode: string): Promise<{ leadId: string; contactId: string }> {
  const { postcode: postalCode, ...person } = somebody(postcode);
  const { id: contactId } = await system.simulator.createContact({
    locationId: 'one-loc-master',
    ...person,
    postalCode: postalCode!,
  });
  const lead = await waitFor('the lead', () =>
    system.database.ownerDb
      .selectFrom('leads')
      .selectAll()
      .where('source_contact_id', '=', contactId)
      .executeTakeFirst(),
  );
  return { leadId: lead.id, contactId };
}
const assigned = async (postcode: string): Promise<Lead & { contactId: string; opportunityId: string | null }> => {
  const { leadId } = await ask(postcode);
  const lead = await leads.inState(leadId, 'assigned');
  const assignment = await waitFor('GHL to be told', async () => {
    const row = await system.database.ownerDb
      .selectFrom('assignments')
      .select(['ghl_contact_id', 'ghl_opportunity_id', 'ghl_task_id'])
      .where('lead_id', '=', leadId)
      .where('state', '=', 'active')
      .executeTakeFirst();
    return row?.ghl_task_id ? row : undefined;
  });
  return { ...lead, contactId: assignment.ghl_contact_id!, opportunityId: assignment.ghl_opportunity_id };
};

describe('an event of GHL', () => {
  it('that comes 50 times at once is one event, one lead and one workflow', async () => {
    const { postcode: postalCode, ...person } = somebody('02116');
    const event = {
      type: 'ContactCreate',
      webhookId: crypto.randomUUID(),
      id: 'contact-of-fifty',
      locationId: 'one-loc-master',
      ...person,
      postalCode,
      dateAdded: new Date().toISOString(),
    };
    const answers = await Promise.all(Array.from({ length: 50 }, () => system.deliver(event)));
    expect(new Set(answers)).toEqual(new Set([200]));
    const events = await system.database.ownerDb
      .selectFrom('events')
      .select('id')
      .where('ghl_contact_id', '=', 'contact-of-fifty')
      .where('type', '=', 'ContactCreate')
      .execute();
    expect(events).toHaveLength(1);
    const made = await system.database.ownerDb
      .selectFrom('leads')
      .select('id')
      .where('source_contact_id', '=', 'contact-of-fifty')
      .execute();
    expect(made).toHaveLength(1);
    await leads.inState(made[0]!.id, 'assigned');
  });

  it('about our own writes starts nothing and signals nobody', async () => {
    const lead = await assigned('02116');
    await waitFor('our echoes to arrive', async () => {
      const echoes = await system.database.ownerDb
        .selectFrom('events')
        .select('id')
        .where('ghl_contact_id', '=', lead.contactId)
        .execute();
      return echoes.length >= 2 && (await system.simulator.getStats()).webhooks.pending === 0;
    });
    const work = await system.database.ownerDb
      .selectFrom('event_capabilities')
      .select('capability')
      .where('ordering_key', '=', `lead:${lead.id}`)
      .execute();
    expect(work).toEqual([{ capability: 'lead-intake' }]);
    expect(
      await system.database.ownerDb
        .selectFrom('leads')
        .select('id')
        .where('source_contact_id', '=', lead.contactId)
        .execute(),
    ).toEqual([]);
  });

  it('ends the lead when a person wins its opportunity or deletes its contact', async () => {
    const won = await assigned('02116');
    await system.simulator.updateOpportunity(won.opportunityId!, { status: 'won' });
    expect(await leads.inState(won.id, 'closed')).toMatchObject({ close_reason: 'won' });
    const deleted = await assigned('02116');
    await system.simulator.deleteContact(deleted.contactId);
    expect(await leads.inState(deleted.id, 'closed')).toMatchObject({ close_reason: 'contact-deleted' });
  });

  it('ends a lead without an opportunity of its own by one made for it, not by one of an earlier enquiry', async () => {
    const lead = await assigned('10011');
    expect(lead.opportunityId).toBeNull();
    const place = { locationId: 'one-loc-chelsea', contactId: lead.contactId, pipelineId: 'by-hand', name: 'By hand' };
    const createdAt = '2024-01-01T00:00:00.000Z';
    await system.simulator.seed({
      pipelines: [{ id: 'by-hand', locationId: 'one-loc-chelsea', name: 'By hand', stages: [] }],
      opportunities: [
        { ...place, id: 'of-an-earlier-enquiry', status: 'lost', ...{ createdAt } },
        { ...place, id: 'of-this-enquiry', status: 'open' },
      ],
    });
    await system.simulator.updateOpportunity('of-an-earlier-enquiry', { name: 'Edited' });
    await waitFor('the lead to be told', async () => {
      const told = await system.database.ownerDb
        .selectFrom('event_capabilities')
        .select('state')
        .where('ordering_key', '=', `lead:${lead.id}`)
        .where('capability', '=', 'lead-follow-up')
        .execute();
      return told.length === 1 && told[0]?.state === 'started';
    });
    await system.simulator.updateOpportunity('of-this-enquiry', { status: 'won' });
    expect(await leads.inState(lead.id, 'closed')).toMatchObject({ close_reason: 'won' });
  });

  it('that GHL cuts is read again: it reassigns a lead, and it makes one by a trigger', async () => {
    const tooLong = { customFields: [{ id: 'history', field_value: 'x'.repeat(300_000) }] };
    const lead = await assigned('02116');
    const other = lead.rep_id === leads.rep('ann') ? 'bob' : 'ann';
    await system.simulator.updateContact(lead.contactId, { assignedTo: `one-user-${other}`, ...tooLong });
    await leads.withRep(lead.id, other);

    const trigger = { id: crypto.randomUUID(), agency_id: leads.agencyId, location_id: leads.location('master') };
    await system.database.ownerDb
      .insertInto('lead_triggers')
      .values({ ...trigger, name: 'asks-again', kind: 'tag', subject: 'asks again' })
      .execute();
    const { postcode: postalCode, ...person } = somebody('02116');
    const old = { id: 'customer-of-years', locationId: 'one-loc-master', ...person, postalCode: postalCode! };
    await system.simulator.seed({ contacts: [{ ...old, dateAdded: '2024-01-01T00:00:00.000Z' }] });
    await system.simulator.updateContact(old.id, tooLong);
    await waitFor('the base line', () =>
      system.database.ownerDb
        .selectFrom('lead_trigger_states')
        .selectAll()
        .where('ghl_contact_id', '=', old.id)
        .executeTakeFirst(),
    );
    await system.simulator.updateContact(old.id, { tags: ['asks again'] });
    const made = await waitFor('the lead', () =>
      system.database.ownerDb
        .selectFrom('leads')
        .selectAll()
        .where('source_contact_id', '=', old.id)
        .executeTakeFirst(),
    );
    expect(made.trigger_name).toBe('asks-again');
    await leads.inState(made.id, 'assigned');
    const bodies = await system.database.ownerDb
      .selectFrom('event_capabilities')
      .select('input')
      .where('capability', '=', 'account-sync')
      .execute();
    expect(JSON.stringify(bodies)).toContain('"needsReread":true');
    await system.database.ownerDb.deleteFrom('lead_triggers').where('id', '=', trigger.id).execute();
  });

  it('reassigns the lead when a person does so in GHL', async () => {
    const lead = await assigned('02116');
    const other = lead.rep_id === leads.rep('ann') ? 'bob' : 'ann';
    await system.simulator.updateContact(lead.contactId, { assignedTo: `one-user-${other}` });
    await leads.withRep(lead.id, other);
    expect(await leads.timeline(lead.id)).toContain('reassigned-in-ghl');
  });

  it('adds and removes reps, and routes the leads of a removed one again', async () => {
    const user = await system.simulator.createUser({
      companyId: 'one-company',
      locationIds: ['one-loc-chelsea'],
      firstName: 'New',
      lastName: 'Rep',
      email: 'new-rep@one.example',
    });
    const rep = await waitFor('the rep', () =>
      system.database.ownerDb.selectFrom('reps').selectAll().where('ghl_user_id', '=', user.id).executeTakeFirst(),
    );
    expect(rep).toMatchObject({ status: 'active', location_id: leads.location('chelsea') });
    const lead = await assigned('10011');
    const loser = lead.rep_id === rep.id ? user.id : 'one-user-dan';
    const keeper = lead.rep_id === rep.id ? leads.rep('dan') : rep.id;
    await system.simulator.deleteUser(loser);
    await waitFor('the other rep', async () => (await leads.get(lead.id))?.rep_id === keeper);
  });

  it('ends the leads of a location that is uninstalled, and takes it in again when it comes back', async () => {
    const lead = await assigned('02139');
    expect(lead.location_id).toBe(leads.location('cambridge'));
    await system.simulator.uninstall({ locationId: 'one-loc-cambridge' });
    expect(await leads.inState(lead.id, 'closed')).toMatchObject({ close_reason: 'location-uninstalled' });
    expect(await leads.heldBy('cid')).toBe(0);
    const next = await assigned('02139');
    expect(next.location_id).toBe(leads.location('back-bay'));
    await system.simulator.install({ locationId: 'one-loc-cambridge' });
    await waitFor('the install', async () => {
      const row = await system.database.ownerDb
        .selectFrom('locations')
        .select(['installed_at', 'live_at'])
        .where('id', '=', leads.location('cambridge'))
        .executeTakeFirst();
      return row?.installed_at !== null && row?.live_at === null;
    });
  });

  it('of hundreds of edits of old customers starts no lead, and each is read into the mirror', async () => {
    const contacts = Array.from({ length: 300 }, (_, index) => ({
      id: `old-${index}`,
      locationId: 'one-loc-master',
      firstName: 'Old',
      lastName: `Customer${index}`,
      email: `old-${index}@x.test`,
      dateAdded: '2024-01-01T00:00:00.000Z',
    }));
    await system.simulator.seed({ contacts });
    const work = (what: '=' | '<>') =>
      system.database.ownerDb
        .selectFrom('event_capabilities')
        .select('state')
        .where('capability', what, 'contact-sync');
    const before = (await work('<>').execute()).length;
    for (const { id } of contacts) await system.simulator.updateContact(id, { tags: ['spring-mailing'] });
    await waitFor('all deliveries', async () => (await system.simulator.getStats()).webhooks.pending === 0);
    const stored = await system.database.ownerDb
      .selectFrom('events')
      .select('id')
      .where('ghl_contact_id', 'like', 'old-%')
      .execute();
    expect(stored).toHaveLength(300);
    expect(await work('<>').execute()).toHaveLength(before);
    await waitFor(
      'the reads to be handed over',
      async () => (await work('=').where('state', '=', 'pending').execute()).length === 0,
    );
  });
});

describe('a reassignment of ours inside a location', () => {
  it('changes nothing when GHL tells us of it', async () => {
    const { id: leadId, contactId, rep_id: first } = await assigned('02116');
    const [ann, bob] = [leads.rep('ann'), leads.rep('bob')];
    const order = first === ann ? [bob, ann, bob] : [ann, bob, ann];
    const echoes = async () =>
      system.database.ownerDb
        .selectFrom('events')
        .select('id')
        .where('type', '=', 'ContactUpdate')
        .where('ghl_contact_id', '=', contactId)
        .execute();
    for (const repId of order) {
      const before = (await echoes()).length;
      const request = { repId, actor: 'test' };
      await system.client.reassignLead({ agencyId: agency.agencyId, leadId, request, updateId: crypto.randomUUID() });
      // One that comes after the next move would name a rep of before, and GHL would be asked.
      await waitFor('the echo', async () => (await echoes()).length > before);
    }
    // The mirror's read may be of the moment before the last move: the lead is told, and asks GHL before it follows.
    await waitFor('all to be handed over', async () => {
      const waiting = system.database.ownerDb
        .selectFrom('event_capabilities')
        .select('input')
        .where('state', '=', 'pending');
      return (await waiting.where('workflow_id', 'like', `%/${contactId}`).execute()).length === 0;
    });
    await waitFor('the lead to have heard it', async () => {
      const waiting = system.database.ownerDb
        .selectFrom('event_capabilities')
        .select('input')
        .where('state', '=', 'pending');
      return (await waiting.where('ordering_key', '=', `lead:${leadId}`).execute()).length === 0;
    });
    expect((await leads.get(leadId))?.rep_id).toBe(order.at(-1));
    expect(await leads.timeline(leadId)).not.toContain('reassigned-in-ghl');
    expect(await leads.timeline(leadId)).not.toContain('assigned-elsewhere');
  });
});
