import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { upsertContact } from '../../ghl/contacts.ts';
import type { GhlGateway } from '../../ghl/gateway.ts';
import { getLocation } from '../../ghl/locations.ts';
import {
  getOpportunity,
  listPipelines,
  searchOpportunities,
  updateOpportunity,
  updateOpportunityStatus,
  upsertOpportunity,
} from '../../ghl/opportunities.ts';
import { getUser, searchUsers } from '../../ghl/users.ts';
import { interactive, openGhlWorld } from './ghl-world.ts';
import type { GhlWorld } from './ghl-world.ts';

let world: GhlWorld;
let ghl: GhlGateway;
beforeEach(async () => {
  world = await openGhlWorld();
  await world.giveLocationTokens('valid');
  ghl = world.openGateway();
});
afterEach(() => world.close());

describe('an opportunity', () => {
  const place = async () => {
    const { contact } = await upsertContact(ghl, interactive, { email: 'ann@example.com' });
    const fields = { pipelineId: 'pipe1', pipelineStageId: 'stage1', contactId: contact.id, name: 'Ann' };
    return { contact, fields, placed: await upsertOpportunity(ghl, interactive, { ...fields, status: 'open' }) };
  };

  it('is placed once for a contact in a pipeline', async () => {
    const { fields, placed } = await place();
    const again = await upsertOpportunity(ghl, interactive, { ...fields, monetaryValue: 500 });
    expect(placed.isNew).toBe(true);
    expect(again).toMatchObject({ isNew: false, opportunity: { id: placed.opportunity.id, monetaryValue: 500 } });
  });

  it('is found by its contact', async () => {
    const { contact, placed } = await place();
    const found = await searchOpportunities(ghl, interactive, { contactId: contact.id, pipelineId: 'pipe1' });
    expect(found.map((opportunity) => opportunity.id)).toEqual([placed.opportunity.id]);
    expect(await searchOpportunities(ghl, interactive, { contactId: 'nobody' })).toEqual([]);
  });

  it('is changed and closed', async () => {
    const { placed } = await place();
    const { id } = placed.opportunity;
    await updateOpportunity(ghl, interactive, id, { assignedTo: 'user1', monetaryValue: 900 });
    await updateOpportunityStatus(ghl, interactive, id, 'won');
    expect(await getOpportunity(ghl, interactive, id)).toMatchObject({
      assignedTo: 'user1',
      monetaryValue: 900,
      status: 'won',
    });
  });
});

describe('what a location has', () => {
  it('are pipelines with their stages', async () => {
    expect(await listPipelines(ghl, interactive)).toMatchObject([{ id: 'pipe1', stages: [{ id: 'stage1' }] }]);
  });

  it('are users, page by page', async () => {
    const page = await searchUsers(ghl, interactive, { skip: 0, limit: 1 });
    expect(page).toMatchObject({ users: [{ id: 'user1', email: 'rep@example.com' }], hasMore: true });
    expect(await searchUsers(ghl, interactive, { skip: 1, limit: 1 })).toEqual({ users: [], hasMore: false });
    expect(await getUser(ghl, interactive, 'user1')).toMatchObject({ id: 'user1' });
  });

  it('are its own settings', async () => {
    const found = await getLocation(ghl, interactive);
    expect(found).toMatchObject({ id: 'loc1', timezone: 'America/New_York' });
    expect(found.settings.allowDuplicateContact).toBe(false);
  });
});
