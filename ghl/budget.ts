import { setTimeout as sleep } from 'node:timers/promises';
import type { BudgetObservation, BudgetState, Lane } from '../domain/ghl-budget.ts';
import { decideBudget, observeBudget, openBudget } from '../domain/ghl-budget.ts';
import { GhlRateLimitedError } from './errors.ts';
import type { GhlResource } from './resource.ts';
import { resourceKey } from './resource.ts';

/**
 * The budget shared by all that speak to GHL. An implementation applies `domain/ghl-budget.ts` to one stored state for
 * each resource, under a lock. `now` should come from one clock where several machines share the state.
 */
export interface BudgetStore {
  take(resource: GhlResource, lane: Lane, now: Date): Promise<{ granted: boolean; waitMs: number }>;
  observe(resource: GhlResource, observation: BudgetObservation, now: Date): Promise<void>;
}

/** A budget for one process: tests, command-line tools. */
export function createMemoryBudgetStore(): BudgetStore {
  const states = new Map<string, BudgetState>();
  const stateOf = (resource: GhlResource, now: Date) => states.get(resourceKey(resource)) ?? openBudget(now);
  return {
    async take(resource, lane, now) {
      const decision = decideBudget(stateOf(resource, now), lane, now);
      states.set(resourceKey(resource), decision.state);
      return { granted: decision.granted, waitMs: decision.waitMs };
    },
    async observe(resource, observation, now) {
      states.set(resourceKey(resource), observeBudget(stateOf(resource, now), observation, now));
    },
  };
}

export interface BudgetWait {
  operation: string;
  resource: GhlResource;
  lane: Lane;
  maxWaitMs: number;
  now: () => Date;
  signal?: AbortSignal | undefined;
}

/**
 * Takes one request out of the budget, sleeping up to `maxWaitMs` for it.
 * Raises GhlRateLimitedError with the time left when that is not enough, the signal's reason when it is aborted.
 */
export async function waitForBudget(store: BudgetStore, wait: BudgetWait): Promise<void> {
  let sleptMs = 0;
  for (;;) {
    const answer = await store.take(wait.resource, wait.lane, wait.now());
    if (answer.granted) return;
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
