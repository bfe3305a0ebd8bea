import { type Kysely, sql, type Transaction } from 'kysely';
import {
  type BudgetGrant,
  type BudgetObservation,
  type BudgetState,
  decideBudget,
  isBudgetNews,
  type Lane,
  openBudget,
  settleBudget,
} from '../domain/ghl-budget.ts';
import type { InstallPurpose } from '../domain/ghl-scopes.ts';
import { createGathering } from './gathering.ts';
import type { Database } from './schema.ts';
import { commitWith, withBriefScope } from './scope.ts';

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

/** What is asked of a resource's state: the state after it, and the answer to who asked. */
type Step<T> = (state: BudgetState, now: Date) => { state: BudgetState; answer: T };

/**
 * So long the end of a call may wait for another request of the same resource, to be stored with it. Until then the call
 * counts from its grant, which leaves the window 10 s later at the soonest: only one that took longer than that could be
 * forgotten in between, and it could before.
 */
const SETTLE_WITHIN_MS = 100;
/** Resources of which a process remembers what it last saw; of others every answer is news. */
const REMEMBERED = 1_000;

/**
 * The budget of each GHL resource, shared by every process: the row is locked for one transaction, never while a call
 * runs. What this process asks of a resource at the same time shares that transaction. Its commit is not waited for: what
 * a crash of Postgres could make it forget is less than a second's requests, and GHL's next answer tells of them.
 * @param clock replaces Postgres' clock, the one that all processes have in common
 */
export function createBudgetStore(db: Kysely<Database>, clock?: () => Date) {
  const lastSeen = new Map<string, BudgetState>();
  const gathering = createGathering<Step<unknown>, unknown>((key, steps) => {
    const [agencyId = '', resource = ''] = splitOnce(key);
    return withBriefScope(db, { agencyId }, async (tx) => {
      const { state: before, now } = await lockState(tx, agencyId, resource, clock);
      let state = before;
      const answers = steps.map((step) => {
        const decided = step(state, now);
        state = decided.state;
        return decided.answer;
      });
      const change = { state: JSON.stringify(state), updated_at: now };
      await commitWith(tx, tx.updateTable('ghl_budgets').set(change).where('resource', '=', resource));
      remember(key, state);
      return answers;
    });
  });
  const ask = async <T>(key: string, withinMs: number, step: Step<T>): Promise<T> =>
    (await gathering.ask(key, step, withinMs)) as T;

  function remember(key: string, state: BudgetState): void {
    lastSeen.delete(key);
    lastSeen.set(key, state);
    const [oldest] = lastSeen.keys();
    if (oldest !== undefined && lastSeen.size > REMEMBERED) lastSeen.delete(oldest);
  }

  return {
    take: (owner: BudgetOwner, lane: Lane): Promise<Taken> =>
      ask<Taken>(gatheringKeyOf(owner), 0, (state, now) => {
        const { granted, waitMs, state: next } = decideBudget(state, lane, now);
        const answer: Taken = granted ? { granted, grant: { lane, atMs: now.getTime() } } : { granted, waitMs };
        return { state: next, answer };
      }),
    settle(owner: BudgetOwner, grant: BudgetGrant, observation: BudgetObservation) {
      const key = gatheringKeyOf(owner);
      const known = lastSeen.get(key);
      const isNews = !known || isBudgetNews(known, observation, clock?.() ?? new Date());
      const stored = ask(key, isNews ? 0 : SETTLE_WITHIN_MS, (state, now) => ({
        state: settleBudget(state, grant, observation, now),
        answer: undefined,
      }));
      return { isNews, stored };
    },
  };
}

const gatheringKeyOf = (owner: BudgetOwner): string => `${owner.agencyId} ${keyOf(owner)}`;
const splitOnce = (key: string): string[] => [key.slice(0, key.indexOf(' ')), key.slice(key.indexOf(' ') + 1)];

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
