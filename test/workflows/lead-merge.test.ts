import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLeadHarness, type LeadHarness, somebody } from '../stack/lead-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { startTestSystem, type TestSystem } from '../stack/system.ts';
import { waitFor } from '../stack/wait.ts';

let system: TestSystem;
let leads: LeadHarness;
beforeAll(async () => {
  system = await startTestSystem();
  leads = createLeadHarness(system, await system.plant(smallAgency('one')));
  await system.startWorkers();
});
afterAll(() => system.stop());

const contactOf = async (leadId: string): Promise<string> => {
  const row = await system.database.ownerDb
    .selectFrom('assignments')
    .select('ghl_contact_id')
    .where('lead_id', '=', leadId)
    .where('state', '=', 'active')
    .executeTakeFirstOrThrow();
  return row.ghl_contact_id!;
};
const tellDeleted = (leadId: string, ghlContactId: string) =>
  system.client.changeLead({ agencyId: leads.agencyId, leadId, change: { kind: 'contact-deleted', ghlContactId } });

describe('a lead whose contact is gone', () => {
  it('goes on with the contact it was merged into, and ends when that is deleted', async () => {
    const { postcode, ...person } = somebody('02116');
    const leadId = await leads.start({ ...person, postcode });
    await leads.inState(leadId, 'assigned');
    const loser = await contactOf(leadId);
    await system.simulator.deleteContact(loser);
    const survivor = await system.simulator.createContact({ locationId: 'one-loc-back-bay', ...person });
    await tellDeleted(leadId, loser);
    await waitFor('the lead to follow', async () => (await contactOf(leadId)) === survivor.id);
    expect(await leads.get(leadId)).toMatchObject({ state: 'assigned' });
    expect(await leads.timeline(leadId)).toContain('contact-merged');

    // The event comes again, late: the lead has another contact now.
    await tellDeleted(leadId, loser);
    await system.simulator.deleteContact(survivor.id);
    await tellDeleted(leadId, survivor.id);
    expect(await leads.inState(leadId, 'closed')).toMatchObject({ close_reason: 'contact-deleted' });
  });
});
