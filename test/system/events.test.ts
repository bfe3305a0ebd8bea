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
}, 60_000);
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

  it('of thousands of edits of old customers starts no lead and lets no queue grow', async () => {
    const contacts = Array.from({ length: 300 }, (_, index) => ({
      id: `old-${index}`,
      locationId: 'one-loc-master',
      firstName: 'Old',
      lastName: `Customer${index}`,
      email: `old-${index}@x.test`,
      dateAdded: '2024-01-01T00:00:00.000Z',
    }));
    await system.simulator.seed({ contacts });
    const count = async () =>
      (await system.database.ownerDb.selectFrom('event_capabilities').select('sequence').execute()).length;
    const before = await count();
    for (const { id } of contacts) await system.simulator.updateContact(id, { tags: ['spring-mailing'] });
    await waitFor('all deliveries', async () => (await system.simulator.getStats()).webhooks.pending === 0);
    const stored = await system.database.ownerDb
      .selectFrom('events')
      .select('id')
      .where('ghl_contact_id', 'like', 'old-%')
      .execute();
    expect(stored).toHaveLength(300);
    expect(await count()).toBe(before);
  });
});

describe('the REST of leads', () => {
  it('takes a lead, tells its decision and timeline, reassigns, accepts and closes it', async () => {
    const key = await system.makeKey(leads.agencyId, 'agency');
    const made = await system.ask('POST', '/v1/leads', key, somebody('02116'), { 'idempotency-key': 'rest-1' });
    expect(made.status).toBe(201);
    const leadId = String(made.body['id']);
    await leads.inState(leadId, 'assigned');
    const shown = await system.ask('GET', `/v1/leads/${leadId}`, key);
    expect(shown.status).toBe(200);
    expect(JSON.stringify(shown.body)).toContain('nearest-location');
    const { rep_id: repId } = (await leads.get(leadId))!;
    const same = await system.ask('POST', `/v1/leads/${leadId}/reassign`, key, { repId });
    expect(same).toMatchObject({ status: 409, body: { code: 'same-rep' } });
    const other = repId === leads.rep('ann') ? 'bob' : 'ann';
    expect((await system.ask('POST', `/v1/leads/${leadId}/reassign`, key, { repId: leads.rep(other) })).status).toBe(
      200,
    );
    expect((await system.ask('POST', `/v1/leads/${leadId}/accept`, key, {})).status).toBe(200);
    expect((await system.ask('POST', `/v1/leads/${leadId}/close`, key, { outcome: 'won' })).status).toBe(200);
    expect(await leads.inState(leadId, 'closed')).toMatchObject({ close_reason: 'won', rep_id: leads.rep(other) });
    const again = await system.ask('POST', `/v1/leads/${leadId}/close`, key, { outcome: 'lost' });
    expect(again).toMatchObject({ status: 409, body: { code: 'lead-closed' } });
  });

  it('does not know another agency’s lead', async () => {
    const neighbour = await system.plant(smallAgency('two'), system.webhookUrl);
    const key = await system.makeKey(neighbour.agencyId, 'agency');
    const { leadId } = await ask('02116');
    for (const [method, path] of [
      ['GET', ''],
      ['POST', '/reassign'],
      ['POST', '/accept'],
      ['POST', '/close'],
    ] as const) {
      const body = method === 'GET' ? undefined : { repId: leads.rep('ann'), outcome: 'lost' };
      expect((await system.ask(method, `/v1/leads/${leadId}${path}`, key, body)).status).not.toBe(200);
    }
    expect((await system.ask('GET', `/v1/leads/${leadId}`, key)).status).toBe(404);
    const listed = await system.ask('GET', '/v1/leads', key);
    expect(JSON.stringify(listed.body)).not.toContain(leadId);
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
    const before = (await echoes()).length;
    for (const repId of order) {
      const request = { repId, actor: 'test' };
      await system.client.reassignLead({ agencyId: agency.agencyId, leadId, request, updateId: crypto.randomUUID() });
    }
    await waitFor('the echoes', async () => (await echoes()).length >= before + order.length);
    const told = await system.database.ownerDb
      .selectFrom('event_capabilities')
      .select('input')
      .where('ordering_key', '=', `lead:${leadId}`)
      .where('capability', '=', 'lead-follow-up')
      .execute();
    expect(told).toEqual([]);
    expect((await leads.get(leadId))?.rep_id).toBe(order.at(-1));
    expect(await leads.timeline(leadId)).not.toContain('reassigned-in-ghl');
    expect(await leads.timeline(leadId)).not.toContain('assigned-elsewhere');
  });
});
