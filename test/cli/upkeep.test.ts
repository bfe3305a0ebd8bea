import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listAuditEntries, PLATFORM } from '../../db/audit-log.ts';
import { withSystemRole } from '../../db/scope.ts';
import { parseKeyRing } from '../../crypto/key-ring.ts';
import { oldRowPlants } from '../activities/old-rows.ts';
import { makeOldMonth, monthsOf, OLD_MONTH } from '../db/old-months.ts';
import { plantTenant } from '../db/plant-tenant.ts';
import { startTestSystem, type TestSystem } from '../stack/system.ts';
import { type CliRunner, createCliRunner } from './harness.ts';

const ENCRYPTION_KEYS = `1:${Buffer.alloc(32, 'upkeep').toString('base64')}`;

let system: TestSystem;
let environment: Record<string, string>;
let cli: CliRunner;
beforeAll(async () => {
  system = await startTestSystem({ keys: parseKeyRing(ENCRYPTION_KEYS) });
  await system.startWorkers(['bulk']);
  await makeOldMonth(system.database);
  const tenant = await plantTenant(system.database.ownerDb, 'one');
  await oldRowPlants(system.database, tenant).budgets(new Date(Date.now() - 500 * 86_400_000), true);
  environment = {
    DATABASE_URL: system.database.url,
    ENCRYPTION_KEYS,
    TEMPORAL_ADDRESS: system.temporalAddress,
    TEMPORAL_NAMESPACE: system.namespace,
  };
  cli = await createCliRunner(environment);
});
afterAll(async () => {
  await cli.close();
  await system.stop();
});

const DROPPED = ['decisions', 'events', 'lead_timeline'];
const runsOf = () =>
  withSystemRole(system.database.db, 'operators', (tx) =>
    listAuditEntries(tx, { agencyId: PLATFORM, subject: 'upkeep', limit: 10 }),
  );

interface Due {
  months: { table: string; month: string }[];
  rows: { kind: string; rows: number }[];
}

describe('upkeep', () => {
  it('run --dry-run says what would go, and does and records nothing', async () => {
    const due = await cli.json<Due & { isDryRun: boolean }>(['upkeep', 'run', '--dry-run']);
    expect(due).toMatchObject({ isDryRun: true, rows: [{ kind: 'budgets', rows: 1 }] });
    expect(due.months.map(({ table, month }) => [table, month])).toEqual(DROPPED.map((table) => [table, OLD_MONTH]));
    const { out } = await cli.run(['upkeep', 'run', '--dry-run']);
    expect(out).toMatch(/budgets +1/);
    expect(out).toContain('Nothing was done.');
    expect(await monthsOf(system.database, 'events')).toContain(OLD_MONTH);
    expect(await runsOf()).toEqual([]);
  });

  it('show and --dry-run go by the settings', async () => {
    const other = await createCliRunner({
      ...environment,
      RETENTION_MONTHS: 'events=never',
      RETENTION_DAYS: 'budgets=never',
    });
    const { due } = await other.json<{ due: Due }>(['upkeep', 'show']);
    expect(due.rows).toEqual([]);
    expect(due.months.map(({ table }) => table)).toEqual(['decisions', 'lead_timeline']);
    await other.close();
    const wrong = await createCliRunner({
      ...environment,
      RETENTION_MONTHS: 'events=3',
      RETENTION_DAYS: 'event-bodies=200',
    });
    const refused = await wrong.run(['upkeep', 'show']);
    expect(refused.code).toBe(1);
    expect(refused.error).toContain(
      'RETENTION_MONTHS: events would be dropped before the days of event-bodies are over',
    );
    await wrong.close();
  });

  it('show tells that it never ran', async () => {
    const { out } = await cli.run(['upkeep', 'show']);
    expect(out).toMatch(/last run that did all +never/);
    expect(out).toMatch(/audit_log +\d{4}-\d{2} +\d+ +all/);
  });

  it('run does it, says what was done, and is audited', async () => {
    const report = await cli.json<{ rows: object; dropped: string[] }>(['upkeep', 'run']);
    expect(report.rows).toEqual({ budgets: 1 });
    expect(report.dropped).toEqual(DROPPED.map((table) => `${table} of ${OLD_MONTH}`));
    expect(await monthsOf(system.database, 'events')).not.toContain(OLD_MONTH);
    expect(await runsOf()).toMatchObject([{ action: 'upkeep.run', actor: 'cli:tester' }]);
    expect((await cli.run(['upkeep', 'run'])).out).toMatch(/months made ahead +0/);
    const { out } = await cli.run(['upkeep', 'show']);
    expect(out).toMatch(/trimmed +budgets +1/);
    expect(out).toMatch(/dropped +events +1/);
    expect(out).toContain('No month is past its time.');
  });

  it('run says what it could not do', async () => {
    await makeOldMonth(system.database);
    const { ownerDb } = system.database;
    await sql`revoke execute on function drop_month_partition(text, date) from switchyard_upkeep`.execute(ownerDb);
    const ran = await cli.run(['upkeep', 'run']);
    expect(ran.code).toBe(1);
    expect(ran.error).toContain(`events of ${OLD_MONTH}: Postgres42501`);
  });
});
