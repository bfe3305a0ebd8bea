import { afterAll, beforeAll, expect, it } from 'vitest';
import { POLL_SCHEDULE_ID } from '../../client/polling.ts';
import { parseKeyRing } from '../../crypto/key-ring.ts';
import { pollSyncWorkflowId } from '../../domain/workflow-ids.ts';
import { createCliRunner } from '../cli/harness.ts';
import type { PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { createLeadHarness, somebody } from '../stack/lead-harness.ts';
import { quickPolling, RESOURCES } from '../stack/quick-polling.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { waitFor } from '../stack/wait.ts';
import { type LiveSystem, startLiveSystem } from './live-system.ts';

const ENCRYPTION_KEYS = `1:${Buffer.alloc(32, 1).toString('base64')}`;

let system: LiveSystem;
let agency: PlantedAgency;
beforeAll(async () => {
  system = await startLiveSystem({ keys: parseKeyRing(ENCRYPTION_KEYS), polling: quickPolling(2_000) });
  agency = await system.plant(smallAgency('one'), system.webhookUrl);
});
afterAll(() => system.stop());

const ofLeads = () => system.database.ownerDb.selectFrom('leads');
const passes = () => system.database.ownerDb.selectFrom('poll_passes');
const gapsOf = (locationId: string) =>
  system.database.ownerDb.selectFrom('webhook_gaps').selectAll().where('location_id', '=', locationId).execute();

it('polls every location by one schedule, and routes all leads, each once, when every tenth creation is lost', async () => {
  const leads = createLeadHarness(system, agency);
  const masterId = agency.locations.get('master')!;
  await system.client.ensurePollSchedule({ everyMs: 60_000, locations: 50 });
  await system.client.ensurePollSchedule({ everyMs: 1_000, locations: 50 });
  await waitFor('every location to be polled', async () => {
    const done = await passes().select('location_id').distinct().where('finished_at', 'is not', null).execute();
    const open = await passes().select('resource').where('finished_at', 'is', null).execute();
    return done.length === agency.locations.size && open.length === 0;
  });

  const dropped: string[] = [];
  const contactIds: string[] = [];
  for (let index = 0; index < 30; index += 1) {
    const isDropped = index % 10 === 9;
    await system.simulator.setWebhooks({ dropRate: isDropped ? 1 : 0 });
    const { postcode: postalCode, ...person } = somebody('02116');
    const { id } = await system.simulator.createContact({
      locationId: 'one-loc-master',
      ...person,
      postalCode: postalCode!,
    });
    contactIds.push(id);
    if (isDropped) dropped.push(id);
  }
  await system.simulator.setWebhooks({ dropRate: 0 });
  const assigned = async () =>
    ofLeads().select(['id', 'source_contact_id', 'source']).where('state', '=', 'assigned').execute();
  const routed = await waitFor(
    'all leads to be routed',
    async () => {
      const found = await assigned();
      return found.length >= 30 && found;
    },
    180_000,
  );
  expect(routed.map((lead) => lead.source_contact_id).sort()).toEqual([...contactIds].sort());
  const byPoll = routed.filter((lead) => lead.source === 'poll').map((lead) => lead.source_contact_id);
  expect(byPoll).toEqual(expect.arrayContaining(dropped));

  const gaps = await waitFor('the gaps', async () => {
    const found = await gapsOf(masterId);
    return found.filter((gap) => gap.told_at === null).length === dropped.length && found;
  });
  const open = gaps.filter((gap) => gap.told_at === null);
  expect(open.map((gap) => [gap.kind, gap.ghl_id]).sort()).toEqual(dropped.map((id) => ['created', id]).sort());

  // The webhooks come after all, too late.
  const lost = await system.simulator.listDeliveries({ type: 'ContactCreate', state: 'dropped' });
  for (const { deliveryId } of lost) await system.simulator.replayDelivery(deliveryId);
  await waitFor('the late webhooks', async () => {
    const told = await gapsOf(masterId);
    return told.every((gap) => gap.told_at !== null);
  });
  expect(await ofLeads().select('id').execute()).toHaveLength(30);
  expect((await assigned()).length).toBe(30);
  expect(await leads.heldBy('ann')).toBeGreaterThan(0);
}, 480_000);

it('compares and repairs a location by command, and the next figures are nothing', async () => {
  const chelseaId = agency.locations.get('chelsea')!;
  const { ownerDb } = system.database;
  const contacts = Array.from({ length: 12 }, (_, index) => ({
    id: `old-${index}`,
    locationId: 'one-loc-chelsea',
    firstName: 'Old',
    email: `old-${index}@x.test`,
  }));
  await system.simulator.seed({ contacts });
  const cli = await createCliRunner({
    DATABASE_URL: system.database.url,
    ENCRYPTION_KEYS,
    TEMPORAL_ADDRESS: system.temporalAddress,
    TEMPORAL_NAMESPACE: system.namespace,
  });
  try {
    type Answer = { drift: { resource: string; missingHere: number; missingThere: number; remaining: number }[] };
    const of = ['--agency', agency.agencyId, '--location', chelseaId];
    await cli.json(['sync', 'reconcile', ...of, '--repair']);
    // A pass by itself would find and mend it first.
    await system.client.temporal.schedule.getHandle(POLL_SCHEDULE_ID).pause();
    await waitFor('the location to rest', async () => {
      await ownerDb
        .updateTable('poll_passes')
        .set({ due_at: new Date(Date.now() + 86_400_000) })
        .where('location_id', '=', chelseaId)
        .execute();
      const polling = system.client.temporal.workflow.getHandle(pollSyncWorkflowId(chelseaId));
      return (await polling.describe()).status.name !== 'RUNNING';
    });
    await ownerDb.deleteFrom('contacts').where('ghl_id', '=', 'old-3').execute();
    await ownerDb.updateTable('contacts').set({ ghl_id: 'never-was' }).where('ghl_id', '=', 'old-4').execute();
    const counted = await cli.json<Answer>(['sync', 'reconcile', ...of]);
    expect(counted.drift.find(({ resource }) => resource === 'contact')).toMatchObject({
      missingHere: 2,
      missingThere: 1,
      remaining: 3,
    });
    const repaired = await cli.json<Answer>(['sync', 'reconcile', ...of, '--repair']);
    expect(repaired.drift.find(({ resource }) => resource === 'contact')).toMatchObject({
      missingHere: 2,
      remaining: 0,
    });
    const after = await cli.json<Answer>(['sync', 'reconcile', ...of]);
    expect(after.drift.map(({ resource }) => resource).sort()).toEqual([...RESOURCES].sort());
    expect(after.drift.every((each) => each.missingHere + each.missingThere + each.remaining === 0)).toBe(true);
    const status = await cli.run(['sync', 'status', ...of]);
    expect(status.out).toContain('missing here');
    expect(await cli.json(['sync', 'drift', ...of, '--limit', '3'])).toHaveLength(3);
    expect(await cli.json(['sync', 'gaps', ...of])).toEqual(expect.any(Array));
    expect(await cli.json(['sync', 'policy', 'report', ...of])).toMatchObject({ repairs: false });
    expect((await cli.run(['sync', 'reconcile', '--agency', agency.agencyId, '--location', 'elsewhere'])).code).toBe(1);
  } finally {
    await cli.close();
  }
});
