/** How an account has spoken lately. */
export interface Speech {
  /** Events in the days before the last one. */
  events: number;
  /** Those days. */
  periodMs: number;
  lastEventAt: Date;
  /** It was found silent before and has not spoken since: how it spoke before that is not asked any more. */
  isNoted: boolean;
  /** An operator has said since its last event that it is to be silent. */
  isWanted: boolean;
}

const HOUR_MS = 3_600_000;
/** Below this an account has no rhythm that silence could break. */
const MIN_EVENTS = 50;
const MIN_SILENCE_MS = 6 * HOUR_MS;
const GAPS = 10;

/**
 * Decides whether an account that normally speaks has been silent for too long: six hours and ten of its mean gaps. Its silence does
 * not end by lasting: it speaks again, or an operator says that the silence is wanted.
 */
export function judgeSilence(
  speech: Speech,
  now: Date,
): { isSilent: boolean; reason: 'wanted' | 'still-silent' | 'speaks-rarely' | 'spoke-lately' | 'silent' } {
  if (speech.isWanted) return { isSilent: false, reason: 'wanted' };
  if (speech.isNoted) return { isSilent: true, reason: 'still-silent' };
  if (speech.events < MIN_EVENTS) return { isSilent: false, reason: 'speaks-rarely' };
  const allowedMs = Math.max(MIN_SILENCE_MS, (GAPS * speech.periodMs) / speech.events);
  const isSilent = now.getTime() - speech.lastEventAt.getTime() > allowedMs;
  return { isSilent, reason: isSilent ? 'silent' : 'spoke-lately' };
}
