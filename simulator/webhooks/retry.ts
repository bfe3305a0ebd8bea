import type { WebhookSettings } from './settings.ts';

/** How one attempt ended: the receiver's status, or null when no answer came. */
export type AttemptResult = number | null;

const longestSpacingMs = 3_600_000;

/**
 * Decides what follows an attempt, by either published policy. `attempts` counts the attempts made; `chance` is in [0, 1).
 * Returns the wait in milliseconds before the next attempt, or null with the reason when there is none.
 */
export function decideRetry(
  result: AttemptResult,
  attempts: number,
  settings: Pick<WebhookSettings, 'retryPolicy' | 'retryBaseMs'>,
  chance: number,
): { waitMs: number | null; reason: 'delivered' | 'not retried' | 'exhausted' | 'retry' } {
  if (result !== null && result >= 200 && result < 300) return { waitMs: null, reason: 'delivered' };
  if (settings.retryPolicy === '2025') {
    if (result !== 429) return { waitMs: null, reason: 'not retried' };
    if (attempts > 6) return { waitMs: null, reason: 'exhausted' };
    const baseMs = settings.retryBaseMs ?? 600_000;
    return { waitMs: Math.round(baseMs * (1 + chance * 0.2)), reason: 'retry' };
  }
  if (attempts > 12) return { waitMs: null, reason: 'exhausted' };
  const spacingMs = Math.min(longestSpacingMs, (settings.retryBaseMs ?? 10_000) * 2 ** (attempts - 1));
  return { waitMs: Math.round(spacingMs * (0.5 + chance)), reason: 'retry' };
}
