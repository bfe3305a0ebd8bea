import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createForgottenChangeWatch } from '../../api/forgotten-changes.ts';
import { requestMerge } from '../../db/contact-merges.ts';
import { withScope } from '../../db/scope.ts';
import { contactMergeWorkflowId, contactSyncWorkflowId } from '../../domain/workflow-ids.ts';
import type { PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { somebody } from '../stack/lead-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { createTestLogger } from '../stack/test-logger.ts';
import { waitFor } from '../stack/wait.ts';
import { type LiveSystem, startLiveSystem } from './live-system.ts';

const GHL_LOCATION = 'one-loc-chelsea';

let system: LiveSystem;
let agency: PlantedAgency;
let key: string;
beforeAll(async () => {
  system = await startLiveSystem();
  agency = await system.plant(smallAgency('one'), system.webhookUrl);
  key = await system.makeKey(agency.agencyId, 'location', agency.locations.get('chelsea'));
  await system.simulator.changeLocation(GHL_LOCATION, { rateLimit: { max: 10_000 } });
});
afterEach(() => system.simulator.clearFaults());
afterAll(() => system.stop());

const get = async (id: string) => (await system.ask('GET', `/v1/contacts/${id}`, key)).body;
const inStatus = (id: string, syncStatus: string) =>
  waitFor(`the contact to be ${syncStatus}`, async () => (await get(id))['syncStatus'] === syncStatus);
const handleOf = (workflowId: string) => system.client.temporal.workflow.getHandle(workflowId);
/** A contact that a person made in GHL, once the mirror has it by its event. */
async function known(fields: Record<string, unknown> = {}): Promise<{ id: string; ghlId: string }> {
  const { postcode: _postcode, ...person } = somebody();
  const { id: ghlId } = await system.simulator.createContact({ locationId: GHL_LOCATION, ...person, ...fields });
  const id = await waitFor('the mirror to have it', async () => {
    const { body } = await system.ask('GET', `/v1/contacts?ghlContactId=${ghlId}`, key);
    return (body['contacts'] as { id: string }[])[0]?.id;
  });
  return { id, ghlId };
}
const look = () =>
  createForgottenChangeWatch({
    db: system.database.db,
    logger: createTestLogger(),
    relay: { wake: () => undefined },
    now: () => new Date(),
  }).check();
/** Lets all that was tried have been tried an hour ago. */
async function letAnHourPass(): Promise<void> {
  for (const table of ['contact_edits', 'contact_merges'] as const) {
    await sql`update ${sql.table(table)} set tried_at = tried_at - interval '1 hour'`.execute(system.database.ownerDb);
  }
}

describe('a change of a contact whose workflow was terminated', () => {
  it('is brought before its workflow again, once however many look, and gets to GHL', async () => {
    const { id, ghlId } = await known();
    await system.simulator.addFault({ status: 503, path: `/contacts/${ghlId}` });
    await system.ask('PATCH', `/v1/contacts/${id}`, key, { city: 'Salem' });
    await inStatus(id, 'deferred');
    await handleOf(contactSyncWorkflowId(agency.locations.get('chelsea')!, ghlId)).terminate('by hand');
    await system.simulator.clearFaults();

    expect(await look()).toBe(0);
    expect((await get(id))['syncStatus']).toBe('deferred');
    await letAnHourPass();
    const woken = await Promise.all([look(), look(), look()]);
    expect(woken.sort()).toEqual([0, 0, 1]);
    await inStatus(id, 'synced');
    const there = (await system.simulator.listContacts(GHL_LOCATION)).find((each) => each.id === ghlId);
    expect(there).toMatchObject({ city: 'Salem' });
    await letAnHourPass();
    expect(await look()).toBe(0);
  });

  it('is left to the inbox while it is there', async () => {
    const { id, ghlId } = await known();
    const workflowId = contactSyncWorkflowId(agency.locations.get('chelsea')!, ghlId);
    await system.ask('PATCH', `/v1/contacts/${id}`, key, { city: 'Lynn' });
    await inStatus(id, 'synced');
    await system.database.ownerDb
      .updateTable('contact_edits')
      .set({ state: 'pending' })
      .where('contact_id', '=', id)
      .execute();
    const inbox = () => system.database.ownerDb.updateTable('event_capabilities').where('workflow_id', '=', workflowId);
    await inbox().set({ state: 'dead' }).execute();
    await letAnHourPass();
    expect(await look()).toBe(0);
    await inbox().set({ state: 'started' }).execute();
    await letAnHourPass();
    expect(await look()).toBe(1);
    await inStatus(id, 'synced');
  });
});

describe('a merge whose workflow was terminated', () => {
  it('is brought before its workflow again and ends', async () => {
    const [survivor, loser] = [await known(), await known({ tags: ['a'] })];
    await system.simulator.addFault({ status: 503, method: 'DELETE', path: `/contacts/${loser.ghlId}` });
    const asked = await withScope(system.database.db, { agencyId: agency.agencyId }, (tx) =>
      requestMerge(
        tx,
        { survivorId: survivor.id, loserId: loser.id, acceptsLoss: true },
        { actor: 'cli:tester', origin: 'cli', now: new Date() },
      ),
    );
    if ('refused' in asked) throw new Error(asked.refused);
    const workflow = handleOf(contactMergeWorkflowId(agency.locations.get('chelsea')!, asked.mergeId));
    await waitFor('the merge to meet the outage', async () =>
      Object.keys((await system.simulator.getCalls()).counts).some(
        (call) => call === 'DELETE /contacts/:contactId 503',
      ),
    );
    await workflow.terminate('by hand');
    await system.simulator.clearFaults();
    expect(await look()).toBe(0);
    await letAnHourPass();
    expect(await look()).toBe(1);
    await waitFor('the loser to be the survivor', async () => (await get(loser.id))['id'] === survivor.id);
  });
});
