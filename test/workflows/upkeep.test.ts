import { ApplicationFailure } from '@temporalio/common';
import { WorkflowFailedError } from '@temporalio/client';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createScheduleKeeper } from '../../api/schedules.ts';
import { UPKEEP_SCHEDULE_ID } from '../../client/upkeep.ts';
import { measureRetention } from '../../db/retention-measure.ts';
import { withSystemRole } from '../../db/scope.ts';
import { MONTHLY } from '../../domain/retention.ts';
import type { UpkeepReport } from '../../workflows/upkeep.ts';
import { oldRowPlants } from '../activities/old-rows.ts';
import { makeOldMonth, monthsOf, OLD_MONTH } from '../db/old-months.ts';
import { plantTenant, type Tenant } from '../db/plant-tenant.ts';
import { startTestSystem, type TestSystem } from '../stack/system.ts';
import { createTestLogger } from '../stack/test-logger.ts';
import { waitFor } from '../stack/wait.ts';

let system: TestSystem;
let tenant: Tenant;
beforeAll(async () => {
  system = await startTestSystem();
  tenant = await plantTenant(system.database.ownerDb, 'one');
});
afterAll(() => system.stop());

const long = () => new Date(Date.now() - 500 * 86_400_000);
const execute = (workflowId: string): Promise<UpkeepReport> =>
  system.client.temporal.workflow.execute('upkeep', { workflowId, taskQueue: 'bulk', args: [] });
const lastRunAt = async () =>
  (await withSystemRole(system.database.db, 'upkeep', (tx) => measureRetention(tx, new Date()))).lastRunAt;

describe('the schedule of upkeep', () => {
  it('is made when the API starts, runs at once, is brought up to date, and is never there twice', async () => {
    const { temporal } = system.client;
    const ensured: Promise<void>[] = [];
    const note = (making: Promise<void>) => (ensured.push(making), making);
    const client = {
      ensurePollSchedule: () => note(system.client.ensurePollSchedule()),
      ensureUpkeepSchedule: () => note(system.client.ensureUpkeepSchedule()),
    };
    const keepers = [1, 2].map(() => createScheduleKeeper({ client, logger: createTestLogger() }));
    for (const keeper of keepers) keeper.start();
    const handle = temporal.schedule.getHandle(UPKEEP_SCHEDULE_ID);
    const described = await waitFor('the schedule', () => handle.describe().catch(() => undefined));
    for (const keeper of keepers) keeper.stop();
    // What the slower of the two writes must not come after what is paused below.
    await Promise.all(ensured);
    expect(described.policies).toMatchObject({ overlap: 'SKIP' });
    expect(described.action).toMatchObject({ workflowType: 'upkeep', taskQueue: 'bulk' });
    await handle.pause('for the test');
    await system.client.ensureUpkeepSchedule(3_600_000);
    const { spec, state } = await handle.describe();
    expect(spec.intervals).toMatchObject([{ every: 3_600_000 }]);
    expect(state.paused).toBe(true);
    const ids = [];
    for await (const { scheduleId } of temporal.schedule.list()) ids.push(scheduleId);
    expect(ids.filter((id) => id.startsWith('upkeep'))).toEqual([UPKEEP_SCHEDULE_ID]);
    expect(await lastRunAt()).toBeNull();
    await system.startWorkers(['bulk']);
    await waitFor('its first run', async () => (await lastRunAt()) !== null);
  });
});

describe('upkeep', () => {
  it('does all that is due once, however many run at once, and then nothing', async () => {
    const { database } = system;
    const plants = oldRowPlants(database, tenant);
    await makeOldMonth(database);
    for (const kind of ['inbox', 'budgets', 'token-leases'] as const) await plants[kind](long(), true);
    const last = (await monthsOf(database, 'messages')).at(-1)!;
    await sql`drop table ${sql.id(`messages_${last.slice(0, 7).replace('-', '_')}`)}`.execute(database.ownerDb);
    const reports = await Promise.all(['upkeep-1', 'upkeep-2', 'upkeep-3'].map(execute));
    const sum = (of: (report: UpkeepReport) => number) => reports.reduce((all, report) => all + of(report), 0);
    expect(sum(({ made }) => made)).toBe(1);
    for (const kind of ['inbox', 'budgets', 'token-leases'])
      expect(
        sum(({ rows }) => rows[kind] ?? 0),
        kind,
      ).toBe(1);
    const dropped = reports.flatMap((report) => report.dropped).sort();
    expect(dropped).toEqual([`decisions of ${OLD_MONTH}`, `events of ${OLD_MONTH}`, `lead_timeline of ${OLD_MONTH}`]);
    expect(await execute('upkeep-again')).toEqual({ made: 0, rows: {}, dropped: [], held: [] });
    for (const table of MONTHLY)
      expect((await monthsOf(database, table)).includes(OLD_MONTH), table).toBe(table === 'audit_log');
  });

  it('does the rest when a step fails for good, fails itself and does not count as done', async () => {
    const { database } = system;
    await makeOldMonth(database);
    await oldRowPlants(database, tenant).budgets(long(), true);
    const before = await lastRunAt();
    await sql`revoke execute on function drop_month_partition(text, date) from switchyard_upkeep`.execute(
      database.ownerDb,
    );
    const error: unknown = await execute('upkeep-refused').catch((failure: unknown) => failure);
    await sql`grant execute on function drop_month_partition(text, date) to switchyard_upkeep`.execute(
      database.ownerDb,
    );
    expect(error).toBeInstanceOf(WorkflowFailedError);
    const { cause } = error as WorkflowFailedError;
    expect(cause).toBeInstanceOf(ApplicationFailure);
    expect(cause?.message).toContain(`events of ${OLD_MONTH}: Postgres42501`);
    expect((cause as ApplicationFailure).details).toMatchObject([{ rows: { budgets: 1 }, dropped: [] }]);
    expect(await lastRunAt()).toEqual(before);
    expect((await execute('upkeep-mended')).dropped).toContain(`events of ${OLD_MONTH}`);
    expect(await lastRunAt()).not.toEqual(before);
  });
});
