import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBrokenAuditLink } from '../../db/audit-log.ts';
import { withScope } from '../../db/scope.ts';
import { LeadOverError, LeadRefusedError } from '../../client.ts';
import { createLeadHarness, type LeadHarness, somebody } from '../stack/lead-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { startTestSystem, type TestSystem } from '../stack/system.ts';
import { waitFor } from '../stack/wait.ts';

let system: TestSystem;
let leads: LeadHarness;
let neighbour: LeadHarness;
beforeAll(async () => {
  system = await startTestSystem();
  leads = createLeadHarness(system, await system.plant(smallAgency('one')));
  neighbour = createLeadHarness(system, await system.plant(smallAgency('two')));
  await system.startWorkers();
});
afterAll(() => system.stop());

const assigned = async (postcode: string): Promise<string> => {
  const leadId = await leads.start(somebody(postcode));
  await leads.inState(leadId, 'assigned');
  return leadId;
};
const reassign = (leadId: string, repId: string, more: object = {}) =>
  system.client.reassignLead({
    agencyId: leads.agencyId,
    leadId,
    request: { repId, actor: 'test', ...more },
    updateId: crypto.randomUUID(),
  });
const refusal = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'allowed',
    (error: unknown) => {
      if (error instanceof LeadRefusedError || error instanceof LeadOverError) return error.code;
      throw error;
    },
  );

describe('a reassignment', () => {
  it('moves the lead into another location, GHL follows, and the old slot is free', async () => {
    const leadId = await assigned('10011');
    expect(await leads.heldBy('dan')).toBe(1);
    const standing = await reassign(leadId, leads.rep('cid'));
    expect(standing).toMatchObject({
      status: 'assigned',
      repId: leads.rep('cid'),
      locationId: leads.location('cambridge'),
    });
    expect(await leads.heldBy('dan')).toBe(0);
    expect(await leads.heldBy('cid')).toBe(1);
    const [there] = await system.simulator.listContacts('one-loc-cambridge');
    expect(there?.assignedTo).toBe('one-user-cid');
    await waitFor('the old contact to be given back', async () => {
      const [here] = await system.simulator.listContacts('one-loc-chelsea');
      return here && !here.assignedTo;
    });
  });

  it('is refused with its reason for an unknown rep, the same rep, a full rep and another tenant’s rep', async () => {
    const leadId = await assigned('02116');
    const { rep_id: repId } = (await leads.get(leadId))!;
    expect(await refusal(reassign(leadId, repId!))).toBe('same-rep');
    expect(await refusal(reassign(leadId, '00000000-0000-7000-8000-000000000000'))).toBe('unknown-rep');
    expect(await refusal(reassign(leadId, 'not a rep id'))).toBe('unknown-rep');
    expect(await refusal(reassign(leadId, neighbour.rep('ann')))).toBe('unknown-rep');
    expect(await refusal(reassign(leadId, leads.rep('cid')))).toBe('rep-full');
    expect((await leads.get(leadId))?.rep_id).toBe(repId);
    expect(await refusal(reassign(leadId, leads.rep('cid'), { force: true }))).toBe('allowed');
  });

  it('is refused for a lead that is over', async () => {
    const leadId = await assigned('02116');
    await system.client.closeLead({
      updateId: crypto.randomUUID(),
      agencyId: leads.agencyId,
      leadId,
      request: { outcome: 'lost', actor: 'test' },
    });
    expect(await refusal(reassign(leadId, leads.rep('bob')))).toBe('lead-closed');
  });

  it('is obeyed as a plain signal, and one that names another tenant’s rep changes nothing but is on record', async () => {
    const leadId = await assigned('10011');
    const connection = await Connection.connect({ address: system.temporalAddress });
    // As the Web UI and `temporal workflow signal` do: without the codec.
    const plain = new Client({ connection, namespace: system.namespace });
    const handle = plain.workflow.getHandle(`lead-intake/${leads.agencyId}/${leadId}`);
    await handle.signal('reassignLead', { repId: neighbour.rep('bob') });
    await waitFor('the refusal', async () => (await leads.timeline(leadId)).includes('reassign-refused'));
    expect((await leads.get(leadId))?.rep_id).toBe(leads.rep('dan'));
    await handle.signal('reassignLead', 'no request at all');
    await handle.signal('reassignLead', { repId: leads.rep('bob') });
    await leads.withRep(leadId, 'bob');
    await connection.close();
    const audited = await system.database.ownerDb
      .selectFrom('audit_log')
      .select(['action', 'actor'])
      .where('subject', '=', `lead:${leadId}`)
      .execute();
    expect(audited).toContainEqual({ action: 'lead.reassign', actor: 'signal' });
    const broken = await withScope(system.database.db, { agencyId: leads.agencyId }, (tx) =>
      findBrokenAuditLink(tx, leads.agencyId),
    );
    expect(broken).toBeUndefined();
  });

  it('and every other message still works after messages of no known shape', async () => {
    const leadId = await assigned('10011');
    const connection = await Connection.connect({ address: system.temporalAddress });
    const plain = new Client({ connection, namespace: system.namespace });
    const handle = plain.workflow.getHandle(`lead-intake/${leads.agencyId}/${leadId}`);
    for (const value of [{ repId: ['x'] }, { kind: 'nope' }, null, 7]) {
      await handle.signal('reassignLead', value);
      await handle.signal('changeLead', value);
    }
    await handle.signal('reassignLead');
    await handle.signal('changeLead');
    await expect(handle.executeUpdate('closeLead')).rejects.toThrow();
    await connection.close();
    expect(await reassign(leadId, leads.rep('bob'))).toMatchObject({ repId: leads.rep('bob') });
    const refused = (await leads.timeline(leadId)).filter((kind) => kind === 'reassign-refused');
    expect(refused.length).toBeGreaterThanOrEqual(5);
  });

  it('that GHL refuses leaves the lead with its rep', async () => {
    const leadId = await assigned('02116');
    const before = (await leads.get(leadId))!.rep_id;
    await system.simulator.addFault({
      status: 403,
      message: 'The token does not have access to this location.',
      locationId: 'one-loc-chelsea',
    });
    expect(await refusal(reassign(leadId, leads.rep('dan')))).toBe('not-placed');
    await system.simulator.clearFaults();
    expect((await leads.get(leadId))?.rep_id).toBe(before);
    const held = await system.database.ownerDb
      .selectFrom('assignments')
      .select(['rep_id', 'state'])
      .where('lead_id', '=', leadId)
      .where('state', '<>', 'released')
      .execute();
    expect(held).toEqual([{ rep_id: before, state: 'active' }]);
  });
});

describe('what happens to a lead elsewhere', () => {
  const tell = (leadId: string, change: Parameters<typeof system.client.changeLead>[0]['change']) =>
    system.client.changeLead({ agencyId: leads.agencyId, leadId, change });
  const contactOf = async (leadId: string): Promise<string> => {
    const row = await waitFor('the contact', () =>
      system.database.ownerDb
        .selectFrom('assignments')
        .select('ghl_contact_id')
        .where('lead_id', '=', leadId)
        .where('state', '=', 'active')
        .executeTakeFirst(),
    );
    return row.ghl_contact_id!;
  };

  it('ends it when its opportunity is won, and gives the slot back', async () => {
    const leadId = await assigned('02116');
    const opportunityId = await waitFor('the opportunity', async () => {
      const row = await system.database.ownerDb
        .selectFrom('assignments')
        .select('ghl_opportunity_id')
        .where('lead_id', '=', leadId)
        .executeTakeFirst();
      return row?.ghl_opportunity_id;
    });
    const ghlContactId = await contactOf(leadId);
    await tell(leadId, { kind: 'opportunity-ended', ghlContactId, ghlOpportunityId: 'another', status: 'lost' });
    await tell(leadId, { kind: 'opportunity-ended', ghlContactId, ghlOpportunityId: opportunityId, status: 'won' });
    expect(await leads.inState(leadId, 'closed')).toMatchObject({ close_reason: 'won' });
  });

  it('ends it when its contact is deleted or its location is uninstalled', async () => {
    const first = await assigned('02116');
    await tell(first, { kind: 'contact-deleted', ghlContactId: await contactOf(first) });
    expect(await leads.inState(first, 'closed')).toMatchObject({ close_reason: 'contact-deleted' });
    const second = await assigned('10011');
    await tell(second, { kind: 'location-uninstalled', locationId: leads.location('chelsea') });
    expect(await leads.inState(second, 'closed')).toMatchObject({ close_reason: 'location-uninstalled' });
  });

  it('follows a reassignment made in GHL, and is not misled by an old event', async () => {
    const leadId = await assigned('02116');
    const { rep_id: before } = (await leads.get(leadId))!;
    const [other, otherKey] = before === leads.rep('ann') ? ['one-user-bob', 'bob'] : ['one-user-ann', 'ann'];
    const ghlContactId = await contactOf(leadId);
    const tasks = async () =>
      (await system.simulator.listTasks('one-loc-back-bay')).filter((task) => task.contactId === ghlContactId);
    await waitFor('the first rep’s task', async () => (await tasks()).length === 1);
    await system.simulator.updateContact(ghlContactId, { assignedTo: other });
    await tell(leadId, { kind: 'assigned-in-ghl', ghlContactId, ghlUserId: other });
    await leads.withRep(leadId, otherKey);
    await waitFor('the new rep’s task, the old one’s being done', async () => {
      const all = await tasks();
      const open = all.filter((task) => !task.completed).map((task) => task.assignedTo);
      return all.length === 2 && open.length === 1 && open[0] === other;
    });
    const opportunities = await system.simulator.listOpportunities('one-loc-back-bay');
    expect(opportunities.filter((each) => each.contactId === ghlContactId)).toMatchObject([{ assignedTo: other }]);
    await tell(leadId, { kind: 'assigned-in-ghl', ghlContactId, ghlUserId: 'one-user-somebody-before' });
    const state = await system.client.acceptLead({
      updateId: crypto.randomUUID(),
      agencyId: leads.agencyId,
      leadId,
      request: { actor: 'test' },
    });
    expect(state).toMatchObject({ status: 'accepted', repId: leads.rep(otherKey) });
  });

  it('routes it again when its rep is gone', async () => {
    const leadId = await assigned('10011');
    await system.database.ownerDb
      .updateTable('reps')
      .set({ status: 'removed' })
      .where('id', '=', leads.rep('dan'))
      .execute();
    await tell(leadId, { kind: 'rep-unavailable', repId: leads.rep('dan') });
    const lead = await leads.withRep(leadId, 'east-desk');
    expect(lead.location_id).toBe(leads.location('east'));
  });

  it('keeps it in a full location when a colleague is free: its own slot does not stand in its way', async () => {
    const { ownerDb } = system.database;
    const backBay = leads.location('back-bay');
    const leadId = await assigned('02116');
    const held = await ownerDb
      .selectFrom('assignments')
      .select('id')
      .where('location_id', '=', backBay)
      .where('state', '<>', 'released')
      .execute();
    await ownerDb.updateTable('locations').set({ max_open_leads: held.length }).where('id', '=', backBay).execute();
    const { rep_id: before } = (await leads.get(leadId))!;
    const colleague = before === leads.rep('ann') ? 'bob' : 'ann';
    await ownerDb.updateTable('reps').set({ status: 'suspended' }).where('id', '=', before!).execute();
    await tell(leadId, { kind: 'rep-unavailable', repId: before! });
    expect(await leads.withRep(leadId, colleague)).toMatchObject({ location_id: backBay });
  });

  it('keeps only a code word of why somebody closed it', async () => {
    await system.database.ownerDb
      .updateTable('locations')
      .set({ max_open_leads: null })
      .where('id', '=', leads.location('back-bay'))
      .execute();
    const [first, second] = [await assigned('02116'), await assigned('02116')];
    const of = (leadId: string, reason: string) => ({
      agencyId: leads.agencyId,
      leadId,
      updateId: crypto.randomUUID(),
      request: { outcome: 'lost' as const, reason, actor: 'test' },
    });
    await system.client.closeLead(of(first, 'no-budget'));
    await system.client.closeLead(of(second, 'Mrs Lee said no'));
    const entries = await system.database.ownerDb
      .selectFrom('lead_timeline')
      .select(['lead_id', 'detail'])
      .where('kind', '=', 'closed')
      .where('lead_id', 'in', [first, second])
      .execute();
    expect(entries.find((entry) => entry.lead_id === first)?.detail).toMatchObject({ note: 'no-budget' });
    expect(JSON.stringify(entries)).not.toContain('Lee');
  });
});
