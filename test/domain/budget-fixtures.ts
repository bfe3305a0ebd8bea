import type { BudgetState, Lane } from '../../domain/ghl-budget.ts';
import { decideBudget, openBudget } from '../../domain/ghl-budget.ts';

export const START = new Date('2026-03-02T10:00:00.000Z');
export const at = (offsetMs: number): Date => new Date(START.getTime() + offsetMs);

/** Takes until the lane is refused; returns how many were granted. */
export function drain(state: BudgetState, lane: Lane, now: Date, atMost = 1_000_000) {
  let granted = 0;
  let current = state;
  while (granted < atMost) {
    const decision = decideBudget(current, lane, now);
    current = decision.state;
    if (!decision.granted) return { granted, state: current, waitMs: decision.waitMs, reason: decision.reason };
    granted += 1;
  }
  return { granted, state: current, waitMs: 0, reason: 'granted' };
}

/** A resource whose limit is known to be GHL's published one. */
export const known = (): BudgetState => ({ ...openBudget(START), windowLimit: 100, isLimitKnown: true });
