import { type Kysely, sql, type Transaction } from 'kysely';
import { recordNoticeForAll } from './notices.ts';
import type { Database } from './schema.ts';
import { withSystemRole } from './scope.ts';

/** A breaker that opens again so soon, in this process or another, is of the outage that was told already. */
const SAME_OUTAGE_MS = 300_000;

/** Until when each group of GHL's endpoints is left alone, shared by every process. GHL is up or down for all tenants. */
export function createBreakerStore(db: Kysely<Database>) {
  return {
    async readOpenUntil(group: string): Promise<number | null> {
      const find = (tx: Transaction<Database>) =>
        tx.selectFrom('ghl_breakers').select('open_until').where('endpoint_group', '=', group).executeTakeFirst();
      const found = await withSystemRole(db, 'app', find, 'one statement');
      return found?.open_until.getTime() ?? null;
    },
    async writeOpenUntil(group: string, openUntilMs: number): Promise<void> {
      const openUntil = new Date(openUntilMs);
      await withSystemRole(db, 'upkeep', async (tx) => {
        const before = await tx
          .selectFrom('ghl_breakers')
          .select('open_until')
          .where('endpoint_group', '=', group)
          .forUpdate()
          .executeTakeFirst();
        await tx
          .insertInto('ghl_breakers')
          .values({ endpoint_group: group, open_until: openUntil })
          .onConflict((conflict) =>
            conflict
              .column('endpoint_group')
              .doUpdateSet({ open_until: sql<Date>`greatest(ghl_breakers.open_until, ${openUntil})` }),
          )
          .execute();
        const occurredAt = new Date();
        if (before && before.open_until.getTime() > occurredAt.getTime() - SAME_OUTAGE_MS) return;
        await recordNoticeForAll(tx, {
          topic: 'breaker.opened',
          occurrenceKey: `${group}:${openUntil.toISOString()}`,
          occurredAt,
          data: { endpointGroup: group, openUntil: openUntil.toISOString() },
        });
      });
    },
  };
}
