import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withScope } from '../../db/scope.ts';
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
