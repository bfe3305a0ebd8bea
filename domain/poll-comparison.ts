import { isSameRecord, judgeObservation, type Known, type Observation } from './mirror.ts';

/**
 * What a list tells beside what is known: nothing new; a record that is not here; a newer view; another content at the
 * same time of change, which may be the list's way of telling it; a record that was found to be deleted.
 */
export type Comparison = 'unchanged' | 'missing-here' | 'changed' | 'different' | 'deleted-here';

/**
 * Compares a record in a list with what is known of it. A list lags, so that what is older there means nothing.
 * @param seen with the fields that would be believed
 */
export function compareListed(known: Known | undefined, seen: Observation): Comparison {
  if (!known) return 'missing-here';
  const { write, reason } = judgeObservation(known, seen);
  if (reason === 'doubtful' || reason === 'restored') return 'deleted-here';
  if (write) return 'changed';
  return reason === 'same' && !isSameRecord(known, seen) ? 'different' : 'unchanged';
}

/**
 * Whether a newest-first list has been read far enough.
 * @param floor how far back it has to be read; null to its end
 */
export const isReadFarEnough = (changedAts: readonly (Date | null)[], floor: Date | null): boolean =>
  floor !== null && changedAts.some((at) => at === null || at < floor);

/** A record that claims to have changed so far ahead says nothing of how far a list was read. */
const AHEAD_MS = 86_400_000;

/** The newest of some times of GHL, without those that cannot be; null of none. */
export const newestOf = (times: readonly (Date | null)[], now: Date): Date | null =>
  times.reduce(
    (newest, each) =>
      each === null || each.getTime() > now.getTime() + AHEAD_MS || (newest !== null && newest >= each) ? newest : each,
    null,
  );
