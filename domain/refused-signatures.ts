/** What can be wrong with a signature. */
const SIGNATURE_FAULTS = ['missing', 'malformed', 'wrong-length', 'no-key', 'mismatch'] as const;
export type SignatureFault = (typeof SIGNATURE_FAULTS)[number];

/** Why a delivery is refused: its signature, or that it has the retired one alone. */
export const REFUSAL_REASONS = [...SIGNATURE_FAULTS, 'retired-signature-only'] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

const FIRST_ALERT = 20;

/**
 * Decides whether the refused deliveries of an hour are worth an alert: once when they pass 20, then at each power of
 * ten, so that an attack does not flood the operator as well.
 * @param before the hour's count before those just counted; `after` with them
 */
export function decideRefusalAlert(before: number, after: number): { alert: boolean; reason: string } {
  for (let limit = FIRST_ALERT; limit < after; limit = limit === FIRST_ALERT ? 100 : limit * 10) {
    if (before <= limit) return { alert: true, reason: `more than ${limit} in an hour` };
  }
  return { alert: false, reason: 'no limit passed' };
}
