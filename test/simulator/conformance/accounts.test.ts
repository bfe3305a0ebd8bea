import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { company, one, two } from '../harness.ts';
import { inOne, startVendor } from './client.ts';
import type { Vendor } from './client.ts';

let vendor: Vendor;
beforeEach(async () => {
  vendor = await startVendor();
});
afterEach(() => vendor.close());

describe('the vendor’s client', () => {
  it('lists and reads locations', async () => {
    const { locations } = vendor.sdk;
    const asAgency = { preferredTokenType: 'company' as const };
    const found = await locations.searchLocations({ companyId: company, limit: '10' }, asAgency);
    expect(found.locations?.map(({ id }) => id)).toEqual([one, two]);
    const read = await locations.getLocation({ locationId: one }, { preferredTokenType: 'location' });
    expect(read.location).toMatchObject({ id: one, companyId: company, name: 'One', timezone: 'America/New_York' });
  });

  it('finds users of the agency and of a location', async () => {
    const { users } = vendor.sdk;
    const search = { companyId: company, limit: '10', skip: '0' };
    const found = await users.searchUsers(search, { headers: { companyId: company }, preferredTokenType: 'company' });
    expect(found.users).toMatchObject([{ id: 'user-1', firstName: 'Ada', roles: { locationIds: [one] } }]);
    expect(await users.getUserByLocation({ locationId: one })).toMatchObject({ users: [{ id: 'user-1' }] });
  });

  it('creates an opportunity, moves it through its pipeline, finds and deletes it', async () => {
    const { opportunities, contacts } = vendor.sdk;
    const { pipelines } = await opportunities.getPipelines({ locationId: one });
    expect(pipelines).toMatchObject([{ id: 'pipeline-1', stages: [{ id: 'stage-1' }, { id: 'stage-2' }] }]);
    const contactId = (await contacts.createContact({ locationId: one, email: 'op@x.test' })).contact?.id ?? '';
    const created = await opportunities.createOpportunity({
      pipelineId: 'pipeline-1',
      pipelineStageId: 'stage-1',
      locationId: one,
      name: 'Roof',
      status: 'open',
      contactId,
    });
    const id = created.opportunity?.id ?? '';
    const moved = await opportunities.updateOpportunity(
      { id },
      { pipelineStageId: 'stage-2', monetaryValue: 9 },
      inOne,
    );
    expect(moved.opportunity).toMatchObject({ pipelineStageId: 'stage-2', monetaryValue: 9 });
    expect(await opportunities.updateOpportunityStatus({ id }, { status: 'won' }, inOne)).toMatchObject({
      succeded: true,
    });
    const found = await opportunities.searchOpportunity({ locationId: one, contactId, status: 'won' });
    expect(found).toMatchObject({ opportunities: [{ id, name: 'Roof' }], meta: { total: 1 } });
    expect((await opportunities.getOpportunity({ id }, inOne)).opportunity).toMatchObject({ id, status: 'won' });
    expect(await opportunities.deleteOpportunity({ id }, inOne)).toMatchObject({ succeded: true });
  });
});
