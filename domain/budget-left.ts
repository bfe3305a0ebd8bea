import { type BudgetState, readBudgetLeft } from './ghl-budget.ts';

/** Whose budget it is: GHL counts companies and locations apart. */
export type BudgetClass = 'company' | 'location';

/** The least and the median of a class, as shares of 1; 1 where nothing was called. */
interface Spread {
  min: number;
  median: number;
}

export interface ClassBudget {
  active: number;
  window: Spread;
  day: Spread;
}

/** One stored budget; its resource begins with the class, as in `location/<id>`. */
export interface StoredBudget {
  resource: string;
  state: BudgetState;
}

/** A stored budget, and whose it is; null where it is no location's that we know. */
export interface OwnedBudget extends StoredBudget {
  agencyId: string;
  locationId: string | null;
}

/**
 * Below this share of the day's calls somebody should look what spends them: a little before polling is refused, which leaves the
 * last tenth to leads.
 */
const NEARLY_SPENT = 0.15;

/** The budgets of which so little of the day's calls is left, and how much is, in whole percent. */
export const listNearlySpent = (
  budgets: readonly OwnedBudget[],
  now: Date,
): (Pick<OwnedBudget, 'agencyId' | 'locationId' | 'resource'> & { leftPercent: number })[] =>
  budgets.flatMap(({ agencyId, locationId, resource, state }) => {
    const { day } = readBudgetLeft(state, now);
    return day < NEARLY_SPENT
      ? [{ agencyId, locationId, resource, leftPercent: Math.max(0, Math.round(day * 100)) }]
      : [];
  });

/** What is left of many budgets, by class: so few figures that none of them names a location. */
export function summariseBudgets(budgets: readonly StoredBudget[], now: Date): Record<BudgetClass, ClassBudget> {
  const summarise = (of: BudgetClass): ClassBudget => {
    const left = budgets
      .filter(({ resource }) => resource.startsWith(`${of}/`))
      .map(({ state }) => readBudgetLeft(state, now));
    return {
      active: left.length,
      window: spreadOf(left.map(({ window }) => window)),
      day: spreadOf(left.map(({ day }) => day)),
    };
  };
  return { company: summarise('company'), location: summarise('location') };
}

function spreadOf(shares: readonly number[]): Spread {
  const sorted = [...shares].sort((a, b) => a - b);
  return { min: sorted[0] ?? 1, median: sorted[Math.floor(sorted.length / 2)] ?? 1 };
}
