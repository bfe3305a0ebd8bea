import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import { listActiveBudgets } from '../db/budget-measure.ts';
import { recordNotice } from '../db/notices.ts';
import type { Database } from '../db/schema.ts';
import { withSystemRole } from '../db/scope.ts';
import { listNearlySpent } from '../domain/budget-left.ts';
import { describeError } from './error-description.ts';
import { createRounds, type Rounds } from './rounds.ts';

export interface BudgetWatch extends Rounds {
  check(): Promise<void>;
}

/** Budgets count as asked for during a minute. */
const CHECK_EVERY_MS = 30_000;

/** Tells an agency, once a day for each, of GHL's resources whose calls of the day are nearly spent. */
export function createBudgetWatch({ db, logger }: { db: Kysely<Database>; logger: Logger }): BudgetWatch {
  async function check(): Promise<void> {
    await withSystemRole(db, 'upkeep', async (tx) => {
      const { budgets, now } = await listActiveBudgets(tx);
      for (const { agencyId, locationId, resource, leftPercent } of listNearlySpent(budgets, now))
        await recordNotice(tx, {
          agencyId,
          locationId,
          repId: null,
          leadId: null,
          topic: 'budget.nearly-spent',
          occurrenceKey: `${resource}:${now.toISOString().slice(0, 10)}`,
          occurredAt: now,
          data: { resource, leftPercent },
        });
    });
  }

  const rounds = createRounds(CHECK_EVERY_MS, check, (error) =>
    logger.warn({ error: describeError(error) }, 'budgets could not be looked at'),
  );
  return { check, ...rounds };
}
