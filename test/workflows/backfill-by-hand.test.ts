import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { resolveTemporalBinary } from '../../scripts/stack/temporal-binary.ts';
import type { PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { type BackfillHarness, createBackfillHarness, oldContacts } from '../stack/backfill-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { startTestSystem, type TestSystem } from '../stack/system.ts';

const runFile = promisify(execFile);
const COUNT = 12;

let binary: string;
let system: TestSystem;
let agency: PlantedAgency;
let neighbour: PlantedAgency;
let backfills: BackfillHarness;
beforeAll(async () => {
  binary = await resolveTemporalBinary(() => undefined);
  system = await startTestSystem();
  agency = await system.plant(smallAgency('one'));
  neighbour = await system.plant(smallAgency('two'));
  backfills = createBackfillHarness(system, agency);
  await system.simulator.seed({ contacts: oldContacts('one-loc-chelsea', COUNT) });
  await system.startWorkers(['bulk']);
});
beforeEach(() => system.simulator.resetCalls());
afterAll(() => system.stop());

interface Said {
  code: number;
  text: string;
}

/** Runs Temporal's own command line as an operator does: it has no codec of ours. */
async function temporal(...args: string[]): Promise<Said> {
  const at = ['--address', system.temporalAddress, '--namespace', system.namespace];
  // No settings of whoever runs the tests.
  const env = { PATH: process.env['PATH'], HOME: '/nonexistent' };
  try {
    const { stdout, stderr } = await runFile(binary, ['workflow', ...args, ...at], { timeout: 60_000, env });
    return { code: 0, text: `${stdout}${stderr}` };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, text: `${stdout}${stderr}` };
  }
}

const input = () => ({ agencyId: agency.agencyId, locationId: backfills.location('chelsea'), resource: 'contact' });
/** Starts it as decision 0015 says, and waits for its end. */
async function start(given: string): Promise<{ workflowId: string; result: Said }> {
  const workflowId = `by-hand-${randomUUID()}`;
  const of = ['--type', 'backfill', '--task-queue', 'bulk', '--workflow-id', workflowId];
  expect(await temporal('start', ...of, '--input', given)).toMatchObject({ code: 0 });
  return { workflowId, result: await temporal('result', '--workflow-id', workflowId) };
}
const runs = () => system.database.ownerDb.selectFrom('backfill_runs').selectAll().execute();
/** What ended it, as the Web UI shows it to an operator. */
const failureOf = async (workflowId: string): Promise<{ type: string; message: string }> => {
  const handle = system.client.temporal.workflow.getHandle(workflowId);
  const thrown: unknown = await handle.result().catch((error: unknown) => error);
  const { type, message } = (thrown as { cause: { cause: { type: string; message: string } } }).cause.cause;
  return { type, message };
};

describe('a backfill that is started with Temporal’s own command line', () => {
  it('runs to its end, proves it, and is listed like any other', async () => {
    const { result } = await start(JSON.stringify({ ...input(), names: 'listed' }));
    expect(result).toMatchObject({ code: 0 });
    const [run, ...others] = await runs();
    expect(others).toEqual([]);
    expect(run).toMatchObject({ agency_id: agency.agencyId, made_by: 'temporal', names: 'listed' });
    const { parts } = await backfills.ended(run!.id);
    expect(parts).toMatchObject([{ state: 'done', listed: COUNT, stored: COUNT, missing: 0 }]);
    expect([...(await backfills.mirrored('chelsea')).keys()].sort()).toEqual(
      [...(await backfills.inGhl('chelsea')).keys()].sort(),
    );
  });

  it.each<[string, () => string, { type: string; message: string }]>([
    [
      'a resource that is none',
      () => JSON.stringify({ ...input(), resource: 'invoice' }),
      { type: 'BackfillMalformed', message: 'resource' },
    ],
    ['a word in the place of an object', () => '"everything"', { type: 'BackfillMalformed', message: 'input' }],
    ['an empty object', () => '{}', { type: 'BackfillMalformed', message: 'agencyId' }],
    [
      'a location of another agency',
      () => JSON.stringify({ ...input(), locationId: neighbour.locations.get('chelsea') }),
      { type: 'LocationNotFound', message: 'no such location in this agency' },
    ],
  ])('is refused for %s: it fails at once, says why, and nothing is done', async (_, given, expected) => {
    const before = await runs();
    const { workflowId, result } = await start(given());
    expect(result.code).not.toBe(0);
    const failure = await failureOf(workflowId);
    expect(failure.type).toBe(expected.type);
    expect(failure.message).toContain(expected.message);
    expect(await runs()).toEqual(before);
    expect((await system.simulator.getCalls()).last).toEqual([]);
  });
});
