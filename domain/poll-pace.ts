import type { Pace } from './poll-rules.ts';

/** What is known of a location's traffic. */
export interface Traffic {
  /** When polling last found a change; null for never. */
  lastChangeAt: Date | null;
  /** When an event last came. */
  lastEventAt: Date | null;
  /** Changes that no event has told. */
  openGaps: number;
}

const HOT_MS = 15 * 60_000;
const IDLE_MS = 24 * 3_600_000;

/** Decides how often a location is looked at: one whose webhooks go missing as often as one that is busy. */
export function decidePace(traffic: Traffic, now: Date): { pace: Pace; reason: PaceReason } {
  if (traffic.openGaps > 0) return { pace: 'hot', reason: 'gaps' };
  const sinceMs = Math.min(ageMs(traffic.lastChangeAt, now), ageMs(traffic.lastEventAt, now));
  if (sinceMs <= HOT_MS) return { pace: 'hot', reason: 'busy' };
  return sinceMs > IDLE_MS ? { pace: 'idle', reason: 'quiet' } : { pace: 'usual', reason: 'some-traffic' };
}

export type PaceReason = 'gaps' | 'busy' | 'quiet' | 'some-traffic';

const ageMs = (at: Date | null, now: Date): number => (at === null ? Infinity : now.getTime() - at.getTime());

/** Locations that began together do not stay together. */
const JITTER = 0.2;

/**
 * When a pass is due again: earlier than the interval by up to a fifth.
 * @param chance between 0 and 1
 */
export const dueAfter = (now: Date, everyMs: number, chance: number): Date =>
  new Date(now.getTime() + everyMs * (1 - JITTER * chance));

const RETRY_MS = 5 * 60_000;
const LONGEST_RETRY_MS = 6 * 3_600_000;

/**
 * When a pass that failed for good is tried again.
 * @param failures in a row, this one included
 */
export const retryAfter = (now: Date, failures: number, chance: number): Date =>
  dueAfter(now, Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** Math.min(failures - 1, 10)), chance);
