import { countRepeats } from './intake/mix.ts';
import type { IntakeResult, IntakeSide } from './intake.ts';
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

export function checkIntake({ deliveries, runs, api, rows, share, memory }: IntakeResult): Check[] {
  const repeats = runs * countRepeats(deliveries);
  const taken = runs * deliveries - repeats;
  // Whoever ignores what comes, or takes it twice, answers 200 as well.
  const { '200 taken': first = 0, '200 repeat': again = 0, ...others } = api.answers;
  return [
    { what: 'every delivery is answered 200, as taken or known', passed: Object.keys(others).length === 0 },
    {
      what: `${taken} are taken (${first}), and ${repeats} known (${again})`,
      passed: first === taken && again === repeats,
    },
    { what: `each that is taken has its row, once (${rows})`, passed: rows === taken },
    { what: `at least ${LEAST_PER_SECOND} webhooks a second`, passed: api.perSecond.median >= LEAST_PER_SECOND },
    { what: `at least ${LEAST_SHARE} of the floor`, passed: share >= LEAST_SHARE },
    { what: `99 in 100 answers within ${LONGEST_P99_MS} ms`, passed: api.p99Ms.median <= LONGEST_P99_MS },
    ...(memory?.isFlat == null ? [] : [{ what: 'the memory of the API is flat', passed: memory.isFlat }]),
  ];
}

export function describeIntake(result: IntakeResult): string[] {
  const { api, floor, share, memory } = result;
  const figures = ({ perSecond, p50Ms, p99Ms, cpuMs }: IntakeSide): string[] => [
    ...[perSecond, p50Ms, p99Ms].map((each) => show(each)),
    ...[cpuMs.process, cpuMs.mainThread, cpuMs.postgres].map((each) => show(each, 2)),
  ];
  const rows = [
    ['API', ...figures(api)],
    ['floor: verifies and inserts', ...figures(floor)],
  ];
  const head = [
    `${result.runs} runs of ${result.deliveries}`,
    'a second',
    'answer p50 ms',
    'answer p99 ms',
    'CPU ms',
    'of JavaScript',
    'of Postgres',
  ];
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

const show = ({ median, min, max }: Spread, digits = 1): string =>
  `${median.toFixed(digits)} (${min.toFixed(digits)} to ${max.toFixed(digits)})`;
