import { type Kysely, type Migration, Migrator, sql } from 'kysely';
import type { Database } from './schema.ts';
import * as roles from './migrations/0001-roles.ts';
import * as tenants from './migrations/0002-tenants.ts';
import * as partitions from './migrations/0003-partitions.ts';
import * as events from './migrations/0004-events.ts';
import * as leads from './migrations/0005-leads.ts';
import * as audit from './migrations/0006-audit.ts';
import * as ghlLimits from './migrations/0007-ghl-limits.ts';
import * as operators from './migrations/0008-operators.ts';
import * as encryptionKeys from './migrations/0009-encryption-keys.ts';
import * as connecting from './migrations/0010-connecting.ts';
import * as mirror from './migrations/0011-mirror.ts';
import * as backfill from './migrations/0012-backfill.ts';
import * as polling from './migrations/0013-polling.ts';
import * as contactEdits from './migrations/0014-contact-edits.ts';
import * as fieldMappings from './migrations/0015-field-mappings.ts';
import * as deadLetters from './migrations/0016-dead-letters.ts';
import * as notices from './migrations/0017-notices.ts';
import * as webhookEndpoints from './migrations/0018-webhook-endpoints.ts';
import * as retention from './migrations/0019-retention.ts';

const migrations: Record<string, Migration> = {
  '0001-roles': roles,
  '0002-tenants': tenants,
  '0003-partitions': partitions,
  '0004-events': events,
  '0005-leads': leads,
  '0006-audit': audit,
  '0007-ghl-limits': ghlLimits,
  '0008-operators': operators,
  '0009-encryption-keys': encryptionKeys,
  '0010-connecting': connecting,
  '0011-mirror': mirror,
  '0012-backfill': backfill,
  '0013-polling': polling,
  '0014-contact-edits': contactEdits,
  '0015-field-mappings': fieldMappings,
  '0016-dead-letters': deadLetters,
  '0017-notices': notices,
  '0018-webhook-endpoints': webhookEndpoints,
  '0019-retention': retention,
};

/** The name of the newest migration this code knows. */
export const LATEST_MIGRATION = Object.keys(migrations).sort().at(-1)!;

/** A migration did not go through; what it had changed is rolled back, the ones before it stand. */
export class MigrationError extends Error {
  readonly code = 'Migration';
  constructor(name: string, cause: unknown) {
    super(`migration ${name} failed: ${cause instanceof Error ? cause.message : 'unknown error'}`, { cause });
    this.name = 'MigrationError';
  }
}

const createMigrator = (db: Kysely<Database>): Migrator =>
  new Migrator({ db, provider: { getMigrations: async () => migrations } });

async function step(migrator: Migrator, direction: 'up' | 'down'): Promise<string | undefined> {
  const { error, results } = direction === 'up' ? await migrator.migrateUp() : await migrator.migrateDown();
  const result = results?.[0];
  if (error !== undefined) throw new MigrationError(result?.migrationName ?? 'set-up', error);
  return result?.migrationName;
}

/**
 * Brings the database up to the newest migration, each in a transaction of its own: Kysely's batch is one transaction
 * and reports what it rolled back as done.
 * @param db connected as the role of migrations
 * @returns the names that were applied
 */
export async function migrateToLatest(db: Kysely<Database>, log: (line: string) => void = () => {}): Promise<string[]> {
  const migrator = createMigrator(db);
  const applied: string[] = [];
  for (let name = await step(migrator, 'up'); name !== undefined; name = await step(migrator, 'up')) {
    log(`migrated ${name}`);
    applied.push(name);
  }
  return applied;
}

/** Takes the newest applied migration back. Returns its name; undefined when none is left. */
export async function migrateDown(db: Kysely<Database>): Promise<string | undefined> {
  return step(createMigrator(db), 'down');
}

/**
 * Gives a login the roles that the running processes take, creating the login when it is not there.
 * @param db connected as the role of migrations
 */
export async function grantLogin(db: Kysely<Database>, login: { name: string; password: string }): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(hashtext('switchyard roles'))`.execute(tx);
    const existing = await sql`select from pg_roles where rolname = ${login.name}`.execute(tx);
    if (existing.rows.length === 0) {
      await sql`create role ${sql.id(login.name)} login noinherit nosuperuser nobypassrls password ${sql.lit(login.password)}`.execute(
        tx,
      );
    }
    await sql`grant switchyard_app, switchyard_intake, switchyard_relay, switchyard_upkeep, switchyard_operators, switchyard_rotate to ${sql.id(login.name)}`.execute(
      tx,
    );
    await sql`grant select on kysely_migration to ${sql.id(login.name)}`.execute(tx);
  });
}

/** The newest migration the database has had, for readiness: processes older or newer than it say so. */
export async function findAppliedMigration(db: Kysely<Database>): Promise<string | undefined> {
  const found = await sql<{ name: string }>`select name from kysely_migration order by name desc limit 1`.execute(db);
  return found.rows[0]?.name;
}
