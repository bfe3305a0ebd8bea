import { type BudgetResult, LOCATIONS, PROCESSES } from './budget.ts';
import { drawTable } from './table.ts';

/** What a run is to show. */
interface Check {
  what: string;
  passed: boolean;
}

/** What is wanted of fixed windows, a share from 0 to 1. */
const LEAST_USED = 0.95;
/** How long a bulk run may delay an interactive call (p95), in milliseconds. */
const LONGEST_DELAY_MS = 1_000;

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

export function checkBudget(results: readonly BudgetResult[]): Check[] {
  const fixed = results.filter(({ window, withBulk }) => window === 'fixed' && withBulk !== true);
  const delays = results.flatMap(({ interactiveP95Ms }) => (interactiveP95Ms === null ? [] : [interactiveP95Ms]));
  return [
    { what: 'GHL answers no 429', passed: results.every(({ refused }) => refused === 0) },
    {
      what: `at least ${percent(LEAST_USED)} of what fixed windows allow is used`,
      passed: fixed.every(({ used }) => used >= LEAST_USED),
    },
    {
      what: `beside a bulk run an interactive call takes at most ${LONGEST_DELAY_MS} ms (p95)`,
      passed: delays.every((delayMs) => delayMs <= LONGEST_DELAY_MS),
    },
  ];
}

export function describeBudget(results: readonly BudgetResult[]): string[] {
  const { seconds = 0, jitterMs = 0 } = results[0] ?? {};
  const setting = `${PROCESSES} processes, ${LOCATIONS.length} locations, ${seconds} s a case, network delay up to ${jitterMs} ms each way`;
  const head = ['windows and limit', 'allowed', '429s', 'of the most', 'highest window', 'interactive p95', 'retries'];
  const rows = results.map((each) => [
    each.name,
    String(each.allowed),
    String(each.refused),
    Number.isNaN(each.used) ? '' : percent(each.used),
    `${each.highestInWindow} of ${each.limit}`,
    each.interactiveP95Ms === null ? '' : `${Math.round(each.interactiveP95Ms)} ms`,
    describeRetries(each),
  ]);
  const checks = checkBudget(results).map(({ what, passed }) => `${passed ? 'yes' : 'NO '}  ${what}`);
  return [setting, ...drawTable(head, rows), ...describeSliding(results), ...checks];
}

/** Why calls were tried again that no limit stopped: a machine that is busy with other work. */
function describeRetries({ storageRetries, otherErrors }: BudgetResult): string {
  const others = Object.entries(otherErrors).map(([reason, count]) => `${reason} ${count}`);
  return [...(storageRetries > 0 ? [`Postgres ${storageRetries}`] : []), ...others].join(', ') || 'none';
}

/** What it costs when GHL's windows slide, for each limit that was tried with both. */
function describeSliding(results: readonly BudgetResult[]): string[] {
  const sliding = results.filter(({ window, withBulk }) => window === 'sliding' && withBulk !== true);
  return sliding.flatMap(({ limit, used }) => {
    const fixed = results.find((each) => each.window === 'fixed' && each.limit === limit && each.withBulk !== true);
    return fixed ? [`sliding windows of ${limit} cost ${percent(fixed.used - used)} of the most`] : [];
  });
}
