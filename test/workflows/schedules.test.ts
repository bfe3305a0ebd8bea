import { Client, type ConnectionLike } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureSchedule } from '../../client/schedules.ts';
import { startTestSystem, type TestSystem } from '../stack/system.ts';
import { waitFor } from '../stack/wait.ts';

const ID = 'tried-schedule';
const HOUR_MS = 3_600_000;

let system: TestSystem;
beforeAll(async () => {
  system = await startTestSystem();
});
afterAll(() => system.stop());

const wanted = (everyMs: number) => ({
  spec: { intervals: [{ every: everyMs }] },
  action: { type: 'startWorkflow' as const, workflowType: 'upkeep', taskQueue: 'nobody-polls', args: [] },
});

/** A client that is slow between its look at a schedule and what it does then: so much happens meanwhile. */
function slowClient({ temporal }: TestSystem['client'], meanwhile: () => Promise<void>): Client {
  const { workflowService: service } = temporal.connection;
  const describeSchedule = async (request: Parameters<typeof service.describeSchedule>[0]) => {
    const described = await service.describeSchedule(request);
    await meanwhile();
    return described;
  };
  const slow = Object.assign(Object.create(service) as typeof service, { describeSchedule });
  const connection = Object.assign(Object.create(temporal.connection) as ConnectionLike, { workflowService: slow });
  return new Client({ connection, namespace: temporal.options.namespace });
}

describe('a schedule that is brought up to date', () => {
  it('keeps what an operator does to it between the look at it and the change', async () => {
    const { temporal } = system.client;
    const handle = temporal.schedule.getHandle(ID);
    await ensureSchedule(temporal, ID, wanted(HOUR_MS));
    expect((await handle.describe()).state).toMatchObject({ paused: false });

    await ensureSchedule(
      slowClient(system.client, () => handle.pause('while GHL moves')),
      ID,
      wanted(2 * HOUR_MS),
    );
    // Updates are made in their order: with this one that before is made as well, or never.
    await ensureSchedule(temporal, ID, wanted(3 * HOUR_MS));
    const described = await waitFor('the last update', async () => {
      const { spec, state } = await handle.describe();
      return spec.intervals?.[0]?.every === 3 * HOUR_MS && state;
    });
    expect(described).toMatchObject({ paused: true, note: 'while GHL moves' });

    await ensureSchedule(
      slowClient(system.client, () => handle.unpause('GHL has moved')),
      ID,
      wanted(4 * HOUR_MS),
    );
    await ensureSchedule(temporal, ID, wanted(5 * HOUR_MS));
    const after = await waitFor('the last update', async () => {
      const { spec, state } = await handle.describe();
      return spec.intervals?.[0]?.every === 5 * HOUR_MS && state;
    });
    expect(after).toMatchObject({ paused: false, note: 'GHL has moved' });
  });

  it('that somebody has deleted is made anew, and runs', async () => {
    const { temporal } = system.client;
    const handle = temporal.schedule.getHandle('deleted-schedule');
    await ensureSchedule(temporal, 'deleted-schedule', wanted(HOUR_MS));
    await handle.pause('and forgotten');
    await handle.delete();
    const state = await waitFor('it to be made anew', async () => {
      await ensureSchedule(temporal, 'deleted-schedule', wanted(HOUR_MS));
      const found = await handle.describe().catch(() => undefined);
      return found?.state.paused === false && found.state;
    });
    expect(state).toMatchObject({ paused: false });
  });
});
