import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { backfillRunWorkflowId, backfillWorkflowId } from '../../domain/workflow-ids.ts';
import type { PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { SEARCH_ATTRIBUTES, startTemporal, type Temporal } from '../../scripts/stack/temporal.ts';
import { type BackfillHarness, createBackfillHarness, oldContacts } from '../stack/backfill-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { startTestSystem, type TestSystem } from '../stack/system.ts';
import { waitFor } from '../stack/wait.ts';

/** A server that asks for a new run after so few events that a test gets there; 4,096 otherwise. */
const SUGGESTED_AFTER_EVENTS = 30;

let folder: string;
let temporal: Temporal;
let system: TestSystem;
let agency: PlantedAgency;
let backfills: BackfillHarness;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchyard-backfill-'));
  temporal = await startTemporal({
    dataDir: folder,
    port: 0,
    namespace: 'default',
    searchAttributes: SEARCH_ATTRIBUTES,
    inMemory: true,
    settings: [`limit.historyCount.suggestContinueAsNew=${SUGGESTED_AFTER_EVENTS}`],
    log: () => {},
  });
  system = await startTestSystem({ temporalAddress: temporal.address });
  agency = await system.plant(smallAgency('one'));
  backfills = createBackfillHarness(system, agency);
  for (const name of agency.locations.keys()) {
    await system.simulator.changeLocation(backfills.ghlLocation(name), { rateLimit: { max: 10_000 } });
    await system.simulator.seed({ contacts: oldContacts(backfills.ghlLocation(name), 20) });
  }
  await system.startWorkers(['bulk']);
});
afterAll(async () => {
  await system.stop();
  await temporal.stop();
  await rm(folder, { recursive: true, force: true });
});

it('goes on in new runs, of its parts as of itself, loses no wish and no part, and is whole', async () => {
  await system.simulator.addFault({ latencyMs: 400, path: '^/contacts/one-loc-back-bay' });
  const { agencyId } = agency;
  const resources = ['contact', 'opportunity'] as const;
  const runId = await backfills.start({ under: null, resources });
  const ofRun = backfillRunWorkflowId(agencyId, runId);
  const ofPart = backfillWorkflowId(backfills.location('back-bay'), 'contact', runId);
  const handle = (workflowId: string) => system.client.temporal.workflow.getHandle(workflowId);
  await waitFor('the part to read names', async () => {
    const { parts } = await backfills.get(runId);
    return parts.some((part) => part.location_id === backfills.location('back-bay') && part.step === 'names');
  });
  const runIds = new Map<string, Set<string>>([
    [ofRun, new Set()],
    [ofPart, new Set()],
  ]);
  const note = async (): Promise<void> => {
    for (const [workflowId, seen] of runIds) seen.add((await handle(workflowId).describe()).runId);
  };
  await note();
  // Each is an event or several: both workflows are past what the server asks for long before they have obeyed.
  for (let turn = 0; turn < 12; turn += 1) {
    await handle(ofRun).signal('pauseBackfill');
    await handle(ofRun).signal('resumeBackfill');
    await note();
  }
  await system.simulator.clearFaults();
  const { parts } = await backfills.ended(runId);
  await note();
  expect(new Set(parts.map(({ state }) => state))).toEqual(new Set(['done']));
  expect(parts).toHaveLength(resources.length * agency.locations.size);
  for (const name of ['back-bay', 'cambridge', 'chelsea']) {
    expect(await backfills.mirrored(name)).toEqual(await backfills.inGhl(name));
  }
  expect([...runIds.values()].map((seen) => seen.size > 1)).toEqual([true, true]);
  expect(await handle(ofRun).result()).toBe('done');
});
