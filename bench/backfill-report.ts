import type { BackfillResult } from './backfill.ts';
import type { Memory } from './flatness.ts';
import { drawTable } from './table.ts';

/** What a run is to show. */
interface Check {
  what: string;
  passed: boolean;
}

/** What is wanted of the calls that the lane may make, a share from 0 to 1. */
const LEAST_USED = 0.95;
/** How long a backfill may delay an interactive call (p95), in milliseconds. */
const LONGEST_DELAY_MS = 1_000;

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const whole = (number: number): string => number.toFixed(0);

export function checkBackfill(results: readonly BackfillResult[]): Check[] {
  const limited = results.flatMap(({ used }) => used ?? []);
  const delays = results.flatMap(({ interactiveP95Ms }) => interactiveP95Ms ?? []);
  const toTheEnd = results.filter(({ seconds }) => seconds === null);
  const judged = toTheEnd.filter(({ memory }) => memory.walker.isFlat !== null);
  const check = <T>(of: readonly T[], what: string, holds: (each: T) => boolean): Check[] =>
    of.length === 0 ? [] : [{ what, passed: of.every(holds) }];
  return [
    ...check(results, 'GHL answers no 429', ({ refused }) => refused === 0),
    ...check(
      limited,
      `at least ${percent(LEAST_USED)} of what the lane may call is used`,
      (used) => used >= LEAST_USED,
    ),
    ...check(
      delays,
      `beside a backfill an interactive call takes at most ${LONGEST_DELAY_MS} ms (p95)`,
      (delayMs) => delayMs <= LONGEST_DELAY_MS,
    ),
    ...check(
      toTheEnd,
      'a run to the end has every contact, and its second reading finds none missing or different',
      (each) => each.rows === each.contacts && isProved(each),
    ),
    ...check(judged, 'the memory of the process that walks is flat', ({ memory }) => memory.walker.isFlat === true),
  ];
}

const isProved = ({ verified, contacts }: BackfillResult): boolean =>
  verified !== null &&
  verified.listed === contacts &&
  verified.stored === contacts &&
  verified.missing + verified.different + verified.deleted === 0;

export function describeBackfill(results: readonly BackfillResult[]): string[] {
  const head = ['what', 'seconds', 'contacts', 'a second', 'calls', '429s', 'of the lane', 'bare', 'interactive p95'];
  const rows = results.map((each) => [
    each.name,
    each.tookSeconds.toFixed(1),
    String(each.rows),
    whole(each.rowsPerSecond),
    String(each.calls),
    String(each.refused),
    each.used === null ? '' : percent(each.used),
    each.bareCalls === null ? '' : String(each.bareCalls),
    each.interactiveP95Ms === null ? '' : `${Math.round(each.interactiveP95Ms)} ms`,
  ]);
  const checks = checkBackfill(results).map(({ what, passed }) => `${passed ? 'yes' : 'NO '}  ${what}`);
  return [
    ...drawTable(head, rows),
    ...results.filter(({ seconds }) => seconds === null).flatMap(describeRun),
    ...checks,
  ];
}

/** What is told of a run that went to its end. */
function describeRun({ steps, tookSeconds, cpu, memory, writeFloor }: BackfillResult): string[] {
  const paces = steps.map(({ step, seconds, done, perSecondByTenth }) => {
    const tenths = perSecondByTenth.length === 0 ? '' : `; by tenth ${perSecondByTenth.map(whole).join(' ')}`;
    return `${step}: ${seconds.toFixed(1)} s, ${percent(seconds / tookSeconds)} of the run, ${whole(done / seconds)} a second${tenths}`;
  });
  const postgres = cpu.postgres === null ? 'unknown' : cpu.postgres.toFixed(1);
  return [
    ...paces,
    `CPU seconds: walker ${cpu.walker.toFixed(1)}, simulator ${cpu.simulator.toFixed(1)}, Postgres ${postgres}`,
    `memory of the walker: ${describeMemory(memory.walker)}`,
    `memory of the simulator: ${describeMemory(memory.simulator)}`,
    ...(writeFloor
      ? [
          `writing ${writeFloor.rows} of them without GHL: ${whole(writeFloor.mirrorPerSecond)} a second through the mirror, ${whole(writeFloor.barePerSecond)} bare`,
        ]
      : []),
  ];
}

function describeMemory({ secondQuarter, lastQuarter, highest, isFlat }: Memory): string {
  const judgement = isFlat === null ? 'too short to judge' : isFlat ? 'flat' : 'not flat';
  return `${secondQuarter} MiB in the second quarter, ${lastQuarter} in the last, ${highest} at most: ${judgement}`;
}
