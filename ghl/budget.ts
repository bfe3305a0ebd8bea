import { setTimeout as sleep } from 'node:timers/promises';
import type { BudgetGrant, BudgetObservation, Lane } from '../domain/ghl-budget.ts';
import { GhlRateLimitedError } from './errors.ts';
import type { GhlResource } from './resource.ts';

/** The end of a request on its way into the budget. */
export interface Settling {
  /** It tells more than that the request is over: nothing goes on before it is stored. */
  isNews: boolean;
  stored: Promise<void>;
}

/**
 * The budget shared by all that speak to GHL. An implementation applies `domain/ghl-budget.ts` to one stored state for
 * each resource, under a lock and by one clock for all processes.
 */
export interface BudgetStore {
  take(
    resource: GhlResource,
    lane: Lane,
  ): Promise<{ granted: true; grant: BudgetGrant } | { granted: false; waitMs: number }>;
  /** Every granted request is settled once it is over, answered or not. */
  settle(resource: GhlResource, grant: BudgetGrant, observation: BudgetObservation): Settling;
}

export interface BudgetWait {
  operation: string;
  resource: GhlResource;
  lane: Lane;
  maxWaitMs: number;
  signal?: AbortSignal | undefined;
}

/**
 * Takes one request out of the budget, sleeping up to `maxWaitMs` for it.
 * Raises GhlRateLimitedError with the time left when that is not enough, the signal's reason when it is aborted.
 */
export async function waitForBudget(store: BudgetStore, wait: BudgetWait): Promise<BudgetGrant> {
  let sleptMs = 0;
  for (;;) {
    const answer = await store.take(wait.resource, wait.lane);
    if (answer.granted) return answer.grant;
    if (sleptMs + answer.waitMs > wait.maxWaitMs) {
      throw new GhlRateLimitedError({ operation: wait.operation, reason: 'budget', retryAfterMs: answer.waitMs });
    }
    await abortableSleep(answer.waitMs, wait.signal);
    sleptMs += answer.waitMs;
  }
}

async function abortableSleep(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(delayMs, undefined, signal ? { signal } : {});
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
