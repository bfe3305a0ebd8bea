import type { ClassFigures, ReconcileResult } from './reconcile.ts';
import { quantile } from './spread.ts';

/** What a run is to show. */
interface Check {
  what: string;
  passed: boolean;
}

/** What `sync` may use of a window of 100 and of a day of 200,000: domain/ghl-budget.ts. */
const SYNC_WINDOW = 80;
const SYNC_DAY = 180_000;
const WINDOW = 100;

/** What is asked of the machine that a run is on, in milliseconds. */
export interface Aims {
  /** How much later than its interval a look may come: the time until the schedule's next round, and its spread. */
  slackMs: number;
  /** How long an interactive call may take (p95). */
  delayMs: number;
}

export function checkReconcile(result: ReconcileResult, { slackMs, delayMs }: Aims): Check[] {
  const { first, steady, hot, idle, policy } = result;
  const { everyMs } = policy.rules.contact.delta!;
  const check = (what: string, passed: boolean): Check => ({ what, passed });
  const refused = first.polled.refused + first.worked.refused + first.company.refused + steady.refused;
  return [
    check('GHL answers no 429', refused === 0),
    check(`every pass of all ${result.locations} locations was done`, first.done === first.passes),
    check('no pass fails', first.failing + steady.failing === 0),
    check('all were polled once before the first idle one is due again', first.tookMs <= everyMs.idle),
    check(`no location and no company sees more than ${SYNC_WINDOW} calls in 10 s by polling alone`, isWithin(result)),
    check(`none sees more than ${WINDOW} beside a person's work`, first.worked.highestInWindow <= WINDOW),
    check('a day of polling fits into what its lane may use', Math.max(hot.callsADay, idle.callsADay) <= SYNC_DAY),
    check('nothing that is due waits for more than two minutes once all were polled', steady.late === 0),
    check('hot locations are looked at again and again', hot.intervalsMs.length >= hot.locations),
    check(
      'each within its interval and the time until the next round of the schedule (p95)',
      quantile(hot.intervalsMs, 0.95) <= everyMs.hot + slackMs,
    ),
    check(
      'idle ones no sooner than theirs',
      [...idle.intervalsMs, ...idle.waitsMs].every((ms) => ms >= everyMs.idle * 0.8 - 1_000),
    ),
    check('the two sides do not differ', result.drift === 0),
    check(
      'at most one in twenty interactive calls beside it waits for the budget',
      result.interactive.waited <= result.interactive.tookMs.length / 20,
    ),
    check(
      `an interactive call beside it takes at most ${delayMs} ms (p95)`,
      quantile(result.interactive.tookMs, 0.95) <= delayMs,
    ),
  ];
}

const isWithin = ({ first }: ReconcileResult): boolean =>
  Math.max(first.polled.highestInWindow, first.company.highestInWindow) <= SYNC_WINDOW;

export function describeReconcile(result: ReconcileResult, aims: Aims): string[] {
  const { first, steady, workflows, memoryMiB, interactive, locations } = result;
  const calls = first.polled.calls + first.worked.calls;
  const each = (count: number): string => (count / locations).toFixed(1);
  return [
    `${locations} locations (${result.hot.locations} hot), ${result.contacts} contacts, ${result.unread} of them not read yet`,
    `all polled once after ${seconds(first.tookMs)}: ${first.done} of ${first.passes} passes`,
    `calls: ${calls}, ${each(calls)} a location; 429: ${first.polled.refused + first.worked.refused}`,
    `most in 10 s: ${first.polled.highestInWindow} by polling alone (${share(first.polled.highestInWindow / SYNC_WINDOW)} of its lane), ` +
      `${first.worked.highestInWindow} beside a person; company ${first.company.highestInWindow}, ${first.company.calls} calls`,
    `Postgres: ${first.transactions} transactions, ${each(first.transactions)} a location`,
    `then ${seconds(steady.tookMs)}: ${steady.late} passes late, ${(steady.transactions / (steady.tookMs / 1_000)).toFixed(0)} transactions a second`,
    `Temporal in all: ${workflows.runs} runs of pollSync with ${workflows.events} events, ${workflows.rounds} rounds with ${workflows.roundEvents}`,
    ...(['hot', 'idle'] as const).map((pace) => describeClass(pace, result[pace], result)),
    `interactive beside it: ${interactive.tookMs.length} calls, ${interactive.waited} waited for the budget, ` +
      `p50 ${ms(quantile(interactive.tookMs, 0.5))}, p95 ${ms(quantile(interactive.tookMs, 0.95))}`,
    `memory of the worker: ${mib(memoryMiB[0])} at first, ${mib(Math.max(...memoryMiB))} at most, ${mib(memoryMiB.at(-1))} at last`,
    ...checkReconcile(result, aims).map(({ what, passed }) => `${passed ? 'yes' : 'NO '}  ${what}`),
  ];
}

function describeClass(pace: 'hot' | 'idle', figures: ClassFigures, { policy }: ReconcileResult): string {
  const { intervalsMs, waitsMs, callsADay } = figures;
  const wanted = policy.rules.contact.delta!.everyMs[pace];
  const seen =
    intervalsMs.length === 0
      ? 'none looked at again'
      : `looked at ${intervalsMs.length} times again, every ${seconds(quantile(intervalsMs, 0.5))} (median), at most ${seconds(Math.max(...intervalsMs))}`;
  const due = `due again after ${seconds(Math.min(...waitsMs))} to ${seconds(Math.max(...waitsMs))}`;
  return `${pace}: policy ${seconds(wanted)}; ${seen}; ${due}; at most ${Math.round(callsADay)} calls a day`;
}

const seconds = (timeMs: number): string => `${(timeMs / 1_000).toFixed(1)} s`;
const ms = (timeMs: number): string => `${Math.round(timeMs)} ms`;
const share = (part: number): string => `${(part * 100).toFixed(0)} %`;
const mib = (size: number | undefined): string => `${Math.round(size ?? Number.NaN)} MiB`;
