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
