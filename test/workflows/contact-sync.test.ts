import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { changeContact } from '../../db/contact-changes.ts';
import { lockContact } from '../../db/contacts.ts';
import { withScope } from '../../db/scope.ts';
import type { ContactChange } from '../../domain/contact-change.ts';
import { contactSyncWorkflowId } from '../../domain/workflow-ids.ts';
import type { PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { somebody } from '../stack/lead-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { startTestSystem, type TestSystem } from '../stack/system.ts';
import { waitFor } from '../stack/wait.ts';

const GHL_LOCATION = 'one-loc-chelsea';

let system: TestSystem;
let agency: PlantedAgency;
let locationId: string;
beforeAll(async () => {
  system = await startTestSystem({ ghl: { breaker: { openMs: 500 } } });
  agency = await system.plant(smallAgency('one'));
  locationId = agency.locations.get('chelsea')!;
  await system.simulator.changeLocation(GHL_LOCATION, { rateLimit: { max: 10_000 } });
  await system.startWorkers();
});
afterEach(() => system.simulator.clearFaults());
afterAll(() => system.stop());

const create = async (): Promise<string> => {
  const { postcode: _postcode, ...person } = somebody();
  return (await system.simulator.createContact({ locationId: GHL_LOCATION, ...person })).id;
};
const tell = (change: ContactChange): Promise<void> =>
  system.client.contactChanged({ agencyId: agency.agencyId, locationId, changes: [change] });
const changed = (ghlId: string): Promise<void> => tell({ resource: 'contact', ghlId, ghlContactId: ghlId });
const rowOf = (ghlId: string) =>
  system.database.ownerDb.selectFrom('contacts').selectAll().where('ghl_id', '=', ghlId).executeTakeFirst();
const inCity = (ghlId: string, city: string) =>
  waitFor(`the mirror to show ${city}`, async () => (await rowOf(ghlId))?.fields['city'] === city);
const readsOf = async (): Promise<number> =>
  (await system.simulator.getCalls()).counts['GET /contacts/:contactId 200'] ?? 0;
const ended = (ghlId: string) =>
  system.client.temporal.workflow.getHandle(contactSyncWorkflowId(locationId, ghlId)).result();

describe('the workflow of a contact', () => {
  it('reads the contact a few times for a hundred events, and ends', async () => {
    const ghlId = await create();
    const before = await readsOf();
    for (let batch = 0; batch < 10; batch += 1) await Promise.all(Array.from({ length: 10 }, () => changed(ghlId)));
    await ended(ghlId);
    expect(await rowOf(ghlId)).toMatchObject({ found_by: 'event', is_exact: true, deleted_at: null });
    expect((await readsOf()) - before).toBeLessThanOrEqual(5);
  });

  it('leaves what it was still to read in dead letters when it is cancelled', async () => {
    const ghlId = await create();
    await system.simulator.addFault({ status: 503, path: `/contacts/${ghlId}` });
    await changed(ghlId);
    const handle = system.client.temporal.workflow.getHandle(contactSyncWorkflowId(locationId, ghlId));
    await waitFor('the read to be under way', async () => (await handle.describe()).raw.pendingActivities?.length);
    await tell({ resource: 'note', ghlId: 'note-of-it', ghlContactId: ghlId });
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    const letters = await system.database.ownerDb
      .selectFrom('dead_letters')
      .select(['cause', 'subject_id'])
      .where('cause', 'like', 'read:%')
      .execute();
    expect(letters.map(({ subject_id: id }) => id).sort()).toEqual([`contact:${ghlId}`, 'note:note-of-it']);
    expect(new Set(letters.map(({ cause }) => cause))).toEqual(new Set(['read:Cancelled']));
  }, 30_000);

  it('sees a change that it is told of while it reads', async () => {
    const ghlId = await create();
    await system.simulator.addFault({ latencyMs: 1_500, path: `/contacts/${ghlId}`, times: 1 });
    await changed(ghlId);
    await waitFor('the first read to be under way', async () => (await system.simulator.listFaults()).length === 0);
    await system.simulator.updateContact(ghlId, { city: 'Salem' });
    await changed(ghlId);
    await inCity(ghlId, 'Salem');
  });

  it('ends with the last of our changes, and loses none of those told in a storm of signals', async () => {
    const ghlId = await create();
    await changed(ghlId);
    await ended(ghlId);
    const contact = await rowOf(ghlId);
    const of = { agencyId: agency.agencyId, locationId, contactKey: ghlId, editedContactId: contact!.id };
    const cities = Array.from({ length: 12 }, (_, index) => `City ${index}`);
    await system.simulator.resetCalls();
    for (const city of cities) {
      await withScope(system.database.db, { agencyId: agency.agencyId }, async (tx) => {
        const act = { actor: 'tester', origin: 'api' as const, now: new Date() };
        await changeContact(tx, (await lockContact(tx, contact!.id))!, [{ field: 'city', value: city }], act);
      });
      await Promise.all([system.client.contactEdited(of), changed(ghlId)]);
    }
    await ended(ghlId);
    const edits = await system.database.ownerDb
      .selectFrom('contact_edits')
      .select(['state', 'content'])
      .where('contact_id', '=', contact!.id)
      .orderBy('id')
      .execute();
    expect(edits.map(({ state }) => state).filter((state) => state === 'pending')).toEqual([]);
    expect(edits.at(-1)).toMatchObject({ state: 'synced', content: { value: cities.at(-1) } });
    expect((await rowOf(ghlId))?.fields['city']).toBe(cities.at(-1));
    const shown = (await system.simulator.listContacts(GHL_LOCATION)).find(({ id }) => id === ghlId);
    expect(shown?.city).toBe(cities.at(-1));
  });

  it('marks a contact deleted when GHL says so, and not because of an event', async () => {
    const [alive, gone] = [await create(), await create()];
    for (const ghlId of [alive, gone]) await changed(ghlId);
    await Promise.all([ended(alive), ended(gone)]);
    await system.simulator.deleteContact(gone);
    // Both were told of as deleted: one event was a lie, or older than a contact that was restored.
    for (const ghlId of [alive, gone]) await changed(ghlId);
    await waitFor('the deletion', async () => (await rowOf(gone))?.deleted_at !== null);
    await ended(alive);
    expect((await rowOf(alive))?.deleted_at).toBeNull();
  });

  it('waits out an outage of GHL and then knows what was told meanwhile', async () => {
    const ghlId = await create();
    await system.simulator.addFault({ status: 503 });
    await changed(ghlId);
    await system.simulator.updateContact(ghlId, { city: 'Lynn' });
    await changed(ghlId);
    await waitFor('a failed read', async () =>
      Object.keys((await system.simulator.getCalls()).counts).some((call) => call.endsWith(' 503')),
    );
    await system.simulator.clearFaults();
    await inCity(ghlId, 'Lynn');
  });

  it('lives through signals that are none, and puts before an operator what GHL refuses for good', async () => {
    const ghlId = await create();
    await system.simulator.addFault({ status: 403, path: `/contacts/${ghlId}` });
    await changed(ghlId);
    const handle = system.client.temporal.workflow.getHandle(contactSyncWorkflowId(locationId, ghlId));
    for (const junk of [null, 7, {}, { resource: 'contact' }]) await handle.signal('contactChanged', junk);
    await handle.signal('contactChanged', { resource: 'planet', ghlId: 'x' });
    await handle.result();
    const letters = await system.database.ownerDb
      .selectFrom('dead_letters')
      .select(['cause', 'location_id'])
      .where('capability', '=', 'contact-sync')
      .execute();
    expect(letters).toContainEqual({ cause: 'read:ContactChangeMalformed', location_id: locationId });
  });
});
