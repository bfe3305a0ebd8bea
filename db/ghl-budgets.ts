import { type Kysely, sql, type Transaction } from 'kysely';
import {
  type BudgetGrant,
  type BudgetObservation,
  type BudgetState,
  decideBudget,
  type Lane,
  openBudget,
  settleBudget,
} from '../domain/ghl-budget.ts';
import type { InstallPurpose } from '../domain/ghl-scopes.ts';
import type { Database } from './schema.ts';
import { withScope } from './scope.ts';

/** A GHL resource as far as its budget is concerned. */
type BudgetOwner = { agencyId: string } & (
  { kind: 'location'; ghlLocationId: string } | { kind: 'company'; ghlCompanyId: string; purpose?: InstallPurpose }
);

/** GHL counts each app for itself, and the two purposes are two apps. */
const keyOf = (owner: BudgetOwner): string =>
  owner.kind === 'location'
    ? `location/${owner.ghlLocationId}`
    : `company/${owner.ghlCompanyId}${owner.purpose === 'provisioning' ? '/provisioning' : ''}`;

type Taken = { granted: true; grant: BudgetGrant } | { granted: false; waitMs: number };

/**
 * The budget of each GHL resource, shared by every process: the row is locked for one decision, never while a call runs.
 * @param clock replaces Postgres' clock, the one that all processes have in common
 */
export function createBudgetStore(db: Kysely<Database>, clock?: () => Date) {
  async function change<T>(
    owner: BudgetOwner,
    decide: (state: BudgetState, now: Date) => { state: BudgetState; answer: T },
  ): Promise<T> {
    const resource = keyOf(owner);
    return withScope(db, { agencyId: owner.agencyId }, async (tx) => {
      const { state, now } = await lockState(tx, owner.agencyId, resource, clock);
      const decided = decide(state, now);
      await tx
        .updateTable('ghl_budgets')
        .set({ state: JSON.stringify(decided.state), updated_at: now })
        .where('resource', '=', resource)
        .execute();
      return decided.answer;
    });
  }

  return {
    async take(owner: BudgetOwner, lane: Lane): Promise<Taken> {
      return change(owner, (state, now) => {
        const { granted, waitMs, state: next } = decideBudget(state, lane, now);
        const answer: Taken = granted ? { granted, grant: { lane, atMs: now.getTime() } } : { granted, waitMs };
        return { state: next, answer };
      });
    },
    async settle(owner: BudgetOwner, grant: BudgetGrant, observation: BudgetObservation): Promise<void> {
      await change(owner, (state, now) => ({ state: settleBudget(state, grant, observation, now), answer: undefined }));
    },
  };
}

async function lockState(
  tx: Transaction<Database>,
  agencyId: string,
  resource: string,
  clock: (() => Date) | undefined,
): Promise<{ state: BudgetState; now: Date }> {
  const find = () =>
    tx
      .selectFrom('ghl_budgets')
      .select(['state', sql<Date>`clock_timestamp()`.as('now')])
      .where('resource', '=', resource)
      .forUpdate()
      .executeTakeFirst();
  let row = await find();
  if (!row) {
    const opened = openBudget(clock?.() ?? new Date());
    await tx
      .insertInto('ghl_budgets')
      .values({ resource, agency_id: agencyId, state: JSON.stringify(opened) })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    row = await find();
  }
  // Written by this file alone, as the rule's own state.
  return { state: row!.state as unknown as BudgetState, now: clock?.() ?? row!.now };
}
