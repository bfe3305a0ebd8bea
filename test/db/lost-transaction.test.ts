import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDatabase } from '../../db/database.ts';
import { withScope } from '../../db/scope.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { waitFor } from '../stack/wait.ts';
import { plantTenant } from './plant-tenant.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

it('a transaction that Postgres does not answer in time is not ended by the commit of the next', async () => {
  const { agencyId } = await plantTenant(database.ownerDb, 'tenant');
  const db = createDatabase({ url: `${database.url}?query_timeout=300`, poolSize: 1 });
  const nameNow = async () =>
    (await database.ownerDb.selectFrom('agencies').select('name').where('id', '=', agencyId).executeTakeFirstOrThrow())
      .name;
  try {
    const half = withScope(db, { agencyId }, async (tx) => {
      await tx.updateTable('agencies').set({ name: 'half' }).where('id', '=', agencyId).execute();
      await sql`select pg_sleep(2)`.execute(tx);
    });
    await expect(half).rejects.toThrow('timeout');

    // On the only connection there is, which would still be busy with the sleep.
    const others = () => withScope(db, { agencyId }, (tx) => sql`select 1`.execute(tx));
    await waitFor('the next transaction', others);
    expect(await nameNow()).toBe('tenant');
  } finally {
    await db.destroy();
  }
});
