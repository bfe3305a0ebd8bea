import { POLL_POLICY, type PollPolicy, type PollRule } from '../../domain/poll-rules.ts';
import { DEFAULT_BREAKER } from '../../ghl/breaker.ts';

/**
 * Everything in the proof that takes time outside of this machine, shortened by one factor, so that hours of a live agency
 * pass in minutes and keep their proportions: intervals and overlaps of polling, GHL's window, its lag and its outage, the
 * breaker, and the time within which webhooks overtake each other. What the machine itself needs is as it is.
 */
export interface TimeScale {
  /** How many times as fast. */
  factor: number;
  polling: PollPolicy;
  breaker: { windowMs: number; openMs: number };
  roundEveryMs: number;
  rateWindowMs: number;
  reorderWithinMs: number;
  searchLagMs: number;
  searchLagJitterMs: number;
  outageMs: number;
}

const SECOND_MS = 1_000;
/** Temporal's schedules know whole seconds. */
const LEAST_ROUND_MS = 1_000;
const OUTAGE_MS = 5 * 60 * SECOND_MS;

/** @param factor how many times as fast as in life, from 1 on */
export function scaleTime(factor: number): TimeScale {
  const scaled = (ms: number): number => Math.max(1, Math.round(ms / factor));
  return {
    factor,
    polling: scalePolling(POLL_POLICY, scaled),
    breaker: { windowMs: scaled(DEFAULT_BREAKER.windowMs), openMs: scaled(DEFAULT_BREAKER.openMs) },
    roundEveryMs: Math.max(LEAST_ROUND_MS, scaled(30 * SECOND_MS)),
    rateWindowMs: scaled(10 * SECOND_MS),
    reorderWithinMs: scaled(30 * SECOND_MS),
    searchLagMs: scaled(2 * SECOND_MS),
    searchLagJitterMs: scaled(20 * SECOND_MS),
    outageMs: scaled(OUTAGE_MS),
  };
}

function scalePolling(policy: PollPolicy, scaled: (ms: number) => number): PollPolicy {
  const everyMs = ({ hot, usual, idle }: Record<'hot' | 'usual' | 'idle', number>) => ({
    hot: scaled(hot),
    usual: scaled(usual),
    idle: scaled(idle),
  });
  const rules = Object.fromEntries(
    Object.entries(policy.rules).map(([resource, rule]): [string, PollRule] => {
      const { delta, sweep, ...rest } = rule;
      const shortened = delta && { everyMs: everyMs(delta.everyMs), overlapMs: scaled(delta.overlapMs) };
      return [
        resource,
        { ...rest, sweep: { everyMs: everyMs(sweep.everyMs) }, ...(shortened && { delta: shortened }) },
      ];
    }),
  ) as PollPolicy['rules'];
  // Which appointments a sweep covers is no duration: their times are those of the calendar.
  return { ...policy, rules, gapGraceMs: scaled(policy.gapGraceMs) };
}
