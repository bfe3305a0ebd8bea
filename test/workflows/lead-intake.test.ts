import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findLead } from '../../db/leads.ts';
import { withScope } from '../../db/scope.ts';
import type { PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { enquire } from '../stack/enquire.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { startTestSystem, type TestSystem } from '../stack/system.ts';
import { waitFor } from '../stack/wait.ts';

let system: TestSystem;
let agency: PlantedAgency;
beforeAll(async () => {
  system = await startTestSystem();
  agency = await system.plant(smallAgency('one'));
  await system.startWorkers();
}, 60_000);
afterAll(() => system.stop());

const start = async (body: Record<string, unknown>): Promise<string> => {
  const { agencyId } = agency;
  const locationId = agency.locations.get('master')!;
  const leadId = await enquire(system, agencyId, locationId, body);
  await system.client.startLeadIntake({ agencyId, leadId, locationId, source: 'api' });
  return leadId;
};
const leadInState = (leadId: string, state: string) =>
  waitFor(`lead ${state}`, async () => {
    const lead = await withScope(system.database.db, { agencyId: agency.agencyId }, (tx) => findLead(tx, leadId));
    return lead?.state === state && lead;
  });

describe('a lead', () => {
  it('goes to the nearest location and its next rep, and GHL shows contact, note, task and opportunity', async () => {
    const leadId = await start({
      firstName: 'Lea',
      lastName: 'Dee',
      email: 'lea@x.test',
      phone: '+16175550123',
      postcode: '02116',
    });
    const lead = await leadInState(leadId, 'assigned');
    expect(lead.location_id).toBe(agency.locations.get('back-bay'));
    await waitFor('the task', async () => (await system.simulator.listTasks('one-loc-back-bay')).length === 1);
    const [contact] = await system.simulator.listContacts('one-loc-back-bay');
    expect(contact).toMatchObject({ email: 'lea@x.test', phone: '+16175550123', assignedTo: 'one-user-ann' });
    expect(await system.simulator.listNotes('one-loc-back-bay')).toMatchObject([
      { body: expect.stringContaining('nearest') },
    ]);
    expect(await system.simulator.listOpportunities('one-loc-back-bay')).toMatchObject([{ status: 'open' }]);
  });
});
