import { type Kysely, sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../db/schema.ts';
import { withBriefScope, withScope, withSystemRole } from '../../db/scope.ts';
import { isStorageAway } from '../../db/storage-away.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { plantTenant, type Tenant } from './plant-tenant.ts';

let database: TestDatabase;
let ours: Tenant;
let theirs: Tenant;
beforeAll(async () => {
  database = await createTestDatabase();
  ours = await plantTenant(database.ownerDb, 'ours');
  theirs = await plantTenant(database.ownerDb, 'theirs');
});
afterAll(() => database.drop());

describe('withScope', () => {
  it('takes nothing but lower-case UUIDs', () => {
    for (const agencyId of ['', "x'; reset role; --", ours.agencyId.toUpperCase()]) {
      expect(() => withScope(database.db, { agencyId }, async () => undefined)).toThrow(TypeError);
    }
  });

  it('leaves nothing behind on the connection', async () => {
    await Promise.all(
      [ours, theirs].map(({ agencyId }) => withScope(database.db, { agencyId }, (tx) => sql`select 1`.execute(tx))),
    );
    const left = await sql<{ role: string; agency: string | null }>`
      select current_user as role, current_setting('app.agency_id', true) as agency`.execute(database.db);
    expect(left.rows[0]?.role).not.toMatch(/^switchyard_(app|intake)/);
    expect(left.rows[0]?.agency ?? '').toBe('');
  });

  it('has Postgres end what stands still, and what nobody waits for any more, and nothing outside of it', async () => {
    const limits = (of: Kysely<Database>) =>
      sql<{ statement: string; idle: string }>`select current_setting('statement_timeout') as statement,
        current_setting('idle_in_transaction_session_timeout') as idle`.execute(of);
    const ended = { statement: '14s', idle: '30s' };
    const scope = { agencyId: ours.agencyId };
    expect((await withScope(database.db, scope, limits)).rows).toEqual([ended]);
    expect((await withScope(database.db, scope, limits, 'one statement')).rows).toEqual([ended]);
    expect((await withSystemRole(database.db, 'relay', limits)).rows).toEqual([ended]);
    expect((await withBriefScope(database.db, scope, limits)).rows).toEqual([ended]);
    expect((await limits(database.db)).rows).toEqual([{ statement: '0', idle: '0' }]);
    const tooLong = withScope(database.db, scope, async (tx) => {
      await sql`set local statement_timeout = '50ms'`.execute(tx);
      await sql`select pg_sleep(5)`.execute(tx);
    });
    expect(isStorageAway(await tooLong.catch((error: unknown) => error))).toBe(true);
  });

  it('keeps scopes apart that run at the same time, and undoes what failed', async () => {
    const seen = await Promise.all(
      Array.from({ length: 30 }, (_, turn) => {
        const { agencyId } = turn % 2 === 0 ? ours : theirs;
        return withScope(database.db, { agencyId }, async (tx) => {
          await sql`select pg_sleep(0.01)`.execute(tx);
          const found = await tx.selectFrom('agencies').select('id').execute();
          return found.length === 1 && found[0]?.id === agencyId;
        });
      }),
    );
    expect(seen.every(Boolean)).toBe(true);
    const failing = withScope(database.db, { agencyId: ours.agencyId }, async (tx) => {
      await tx.updateTable('agencies').set({ name: 'changed' }).execute();
      throw new Error('stop');
    });
    await expect(failing).rejects.toThrow('stop');
    const [agency] = await database.ownerDb
      .selectFrom('agencies')
      .select('name')
      .where('id', '=', ours.agencyId)
      .execute();
    expect(agency?.name).toBe('ours');
  });
});
