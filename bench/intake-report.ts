import type { IntakeResult } from './intake.ts';
import type { Spread } from './spread.ts';
import { drawTable } from './table.ts';

interface Check {
  what: string;
  passed: boolean;
}

/** Of a route that only verifies and inserts, from 0 to 1. */
const LEAST_SHARE = 0.6;
const LEAST_PER_SECOND = 1_000;
const LONGEST_P99_MS = 100;

export function checkIntake({ api, share, memory }: IntakeResult): Check[] {
  return [
    {
      what: 'every delivery is answered 200',
      passed: Object.keys(api.answers).every((each) => each.startsWith('200')),
    },
    { what: `at least ${LEAST_PER_SECOND} webhooks a second`, passed: api.perSecond.median >= LEAST_PER_SECOND },
    { what: `at least ${LEAST_SHARE} of the floor`, passed: share >= LEAST_SHARE },
    { what: `99 in 100 answers within ${LONGEST_P99_MS} ms`, passed: api.p99Ms.median <= LONGEST_P99_MS },
    ...(memory?.isFlat == null ? [] : [{ what: 'the memory of the API is flat', passed: memory.isFlat }]),
  ];
}

export function describeIntake(result: IntakeResult): string[] {
  const { api, floor, share, memory } = result;
  const rows = [
    ['API', ...[api.perSecond, api.p50Ms, api.p99Ms].map(show)],
    ['floor: verifies and inserts', ...[floor.perSecond, floor.p50Ms, floor.p99Ms].map(show)],
  ];
  const head = [`${result.runs} runs of ${result.deliveries}`, 'a second', 'answer p50 ms', 'answer p99 ms'];
  return [
    ...drawTable(head, rows),
    `share of the floor: ${share.toFixed(2)}`,
    ...Object.entries(api.answers).map(([answer, times]) => `  ${times} × ${answer}`),
    ...(memory === null ? [] : [describeMemory(memory)]),
    ...checkIntake(result).map(({ what, passed }) => `${passed ? 'yes' : 'NO '}  ${what}`),
  ];
}

const describeMemory = ({ secondQuarter, lastQuarter, highest }: NonNullable<IntakeResult['memory']>): string =>
  `API memory: ${secondQuarter.toFixed(0)} MiB in the second quarter, ${lastQuarter.toFixed(0)} in the last, ${highest.toFixed(0)} at most`;

const show = ({ median, min, max }: Spread): string => `${median.toFixed(1)} (${min.toFixed(1)} to ${max.toFixed(1)})`;
