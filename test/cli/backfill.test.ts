import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawBar } from '../../cli/backfill/watch.ts';
import { formatSeconds } from '../../cli/backfill/view.ts';
import { parseKeyRing } from '../../crypto/key-ring.ts';
import type { PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { createBackfillHarness, oldContacts } from '../stack/backfill-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { startTestSystem, TEST_APP, type TestSystem } from '../stack/system.ts';
import { type CliRunner, createCliRunner } from './harness.ts';

const ENCRYPTION_KEYS = `1:${Buffer.alloc(32, 'backfill').toString('base64')}`;

let system: TestSystem;
let agency: PlantedAgency;
let cli: CliRunner;
beforeAll(async () => {
  system = await startTestSystem({ keys: parseKeyRing(ENCRYPTION_KEYS) });
  agency = await system.plant(smallAgency('one'));
  for (const name of agency.locations.keys()) {
    await system.simulator.changeLocation(`one-loc-${name}`, { rateLimit: { max: 10_000 } });
  }
  await system.simulator.seed({ contacts: oldContacts('one-loc-chelsea', 20) });
  await system.startWorkers(['bulk']);
  cli = await createCliRunner({
    DATABASE_URL: system.database.url,
    ENCRYPTION_KEYS,
    TEMPORAL_ADDRESS: system.temporalAddress,
    TEMPORAL_NAMESPACE: system.namespace,
    GHL_BASE_URL: system.simulatorUrl,
    GHL_CLIENT_ID: TEST_APP.clientId,
  });
});
afterAll(async () => {
  await cli.close();
  await system.stop();
});

const run = (args: string[]) => cli.run([...args, '--agency', agency.agencyId]);
const json = <T>(args: string[]): Promise<T> => cli.json<T>([...args, '--agency', agency.agencyId]);

describe('backfill', () => {
  it('start --watch shows how far it is and then what its check proved', async () => {
    const ran = await run(['backfill', 'start', '--location', 'one-loc-chelsea', '--resources', 'contact', '--watch']);
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.error).toMatch(/\[#{30}\] {2}done {2}1\/1 parts/);
    expect(ran.out).toMatch(/state +done/);
    expect(ran.out).toMatch(/listed by GHL +20/);
    expect(ran.out).toMatch(/stored here +20/);
    expect(ran.out).toMatch(/missing, now written +0/);
  });

  it('list and show tell of it, for programs too', async () => {
    const [first] = await json<{ id: string; state: string }[]>(['backfill', 'list']);
    expect(first).toMatchObject({ state: 'done' });
    expect(await json(['backfill', 'show', first!.id])).toMatchObject({
      id: first!.id,
      report: { listed: 20, stored: 20, missing: 0, different: 0, deleted: 0, leftToPoll: 0 },
      parts: [{ resource: 'contact', state: 'done' }],
    });
    expect((await run(['backfill', 'list'])).out).toContain(first!.id);
  });

  it('pause, resume and cancel are obeyed, and say when it is too late', async () => {
    await system.simulator.addFault({ latencyMs: 400, locationId: 'one-loc-east' });
    const { id } = await json<{ id: string }>(['backfill', 'start', '--location', 'one-loc-east']);
    expect(await json(['backfill', 'pause', id])).toEqual({ id, wanted: 'pause' });
    expect(await json(['backfill', 'show', id])).toMatchObject({ state: 'paused' });
    expect(await json(['backfill', 'resume', id])).toEqual({ id, wanted: 'run' });
    expect(await json(['backfill', 'cancel', id])).toEqual({ id, wanted: 'cancel' });
    const ended = await createBackfillHarness(system, agency).ended(id);
    expect(ended.run.wanted).toBe('cancel');
    await system.simulator.clearFaults();
    const late = await run(['backfill', 'resume', id]);
    expect(late.code).toBe(1);
    expect(late.error).toContain('over');
  });

  it('start stores nothing while Temporal is away, and the inbox has what is stored', async () => {
    const away = await createCliRunner({
      DATABASE_URL: system.database.url,
      ENCRYPTION_KEYS,
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      TEMPORAL_NAMESPACE: system.namespace,
    });
    const stored = () =>
      system.database.ownerDb
        .selectFrom('backfill_runs')
        .innerJoin('event_capabilities', 'event_capabilities.workflow_id', 'backfill_runs.workflow_id')
        .select('backfill_runs.id')
        .execute();
    const before = await stored();
    const said = await away.run(['backfill', 'start', '--location', 'one-loc-chelsea', '--agency', agency.agencyId]);
    await away.close();
    expect(said.code).toBe(1);
    expect(await stored()).toEqual(before);
    const { id } = await json<{ id: string }>(['backfill', 'start', '--location', 'one-loc-chelsea']);
    expect((await stored()).map((each) => each.id)).toContain(id);
    await createBackfillHarness(system, agency).ended(id);
  });

  it.each([
    [['start', '--resources', 'invoice'], 2, /expected one of "contact"/],
    [['start', '--from', '2025-02-01', '--to', '2025-01-01'], 2, /before/],
    [['start', '--location', 'nowhere'], 1, /no location nowhere/],
    [['show', randomUUID()], 1, /no backfill/],
    [['cancel', 'x'], 2, /id/],
  ])('refuses %j', async (args, code, text) => {
    const ran = await run(['backfill', ...args]);
    expect(ran.code).toBe(code);
    expect(ran.error).toMatch(text);
  });
});

describe('the bar', () => {
  const parts = (states: string[]) => states.map((state) => ({ state, step: 'names' })) as never[];
  it.each([
    [parts(['running', 'waiting']), { done: 50, total: 100, ratePerSecond: 5, secondsLeft: 10 }, 0, 7],
    [parts(['done', 'running']), { done: 0, total: null, ratePerSecond: null, secondsLeft: null }, 1, 15],
    [parts(['done', 'done']), { done: 0, total: null, ratePerSecond: null, secondsLeft: null }, 2, 30],
  ])('is as long as what is done', (of, pace, ended, length) => {
    const progress = { ...pace, listed: 0, parts: { total: 2, ended } };
    const line = drawBar({ state: 'running', progress, parts: of });
    expect(line).toContain(`[${'#'.repeat(length)}${'.'.repeat(30 - length)}]`);
    if (pace.secondsLeft !== null) expect(line).toContain('names 50/100  5/s  10 s left');
  });

  it('says a time as people do', () => {
    expect([7, 61, 3_600 * 55 + 120].map(formatSeconds)).toEqual(['7 s', '1 min 1 s', '55 h 2 min']);
  });
});
