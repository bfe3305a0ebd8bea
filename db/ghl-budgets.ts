import type { Kysely, Transaction } from 'kysely';
import {
  type BudgetObservation,
  type BudgetState,
  decideBudget,
  type Lane,
  observeBudget,
  openBudget,
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

/** The budget of each GHL resource, shared by every process: the row is locked for one decision, never while a call runs. */
export function createBudgetStore(db: Kysely<Database>) {
  async function change<T>(
    owner: BudgetOwner,
    now: Date,
    decide: (state: BudgetState) => { state: BudgetState; answer: T },
  ) {
    const resource = keyOf(owner);
    return withScope(db, { agencyId: owner.agencyId }, async (tx) => {
      const state = await lockState(tx, owner.agencyId, resource, now);
      const decided = decide(state);
      await tx
        .updateTable('ghl_budgets')
        .set({ state: JSON.stringify(decided.state), updated_at: now })
        .where('resource', '=', resource)
        .execute();
      return decided.answer;
    });
  }

  return {
    async take(owner: BudgetOwner, lane: Lane, now: Date): Promise<{ granted: boolean; waitMs: number }> {
      return change(owner, now, (state) => {
        const { granted, waitMs, state: next } = decideBudget(state, lane, now);
        return { state: next, answer: { granted, waitMs } };
      });
    },
    async observe(owner: BudgetOwner, observation: BudgetObservation, now: Date): Promise<void> {
      await change(owner, now, (state) => ({ state: observeBudget(state, observation, now), answer: undefined }));
    },
  };
}

async function lockState(
  tx: Transaction<Database>,
  agencyId: string,
  resource: string,
  now: Date,
): Promise<BudgetState> {
  const find = () =>
    tx.selectFrom('ghl_budgets').select('state').where('resource', '=', resource).forUpdate().executeTakeFirst();
  let row = await find();
  if (!row) {
    await tx
      .insertInto('ghl_budgets')
      .values({ resource, agency_id: agencyId, state: JSON.stringify(openBudget(now)) })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    row = await find();
  }
  // Written by this file alone, as the rule's own state.
  return row!.state as unknown as BudgetState;
}
