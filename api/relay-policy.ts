import { ZodError } from 'zod';
import { LeadStuckError, TemporalUnavailableError } from '../client.ts';

/** Unforeseen failures are tried again so often; that Temporal is away never counts as one. */
const MAX_ATTEMPTS = 6;
/** What a stuck lead is to be told waits for an operator's redrive, which hurries it: about a week. */
const STUCK_ATTEMPTS = 1_000;
const STUCK_RETRY_MS = 10 * 60_000;
/** With these causes work waits by design: of what it waits for an operator has been told. */
export const CAUSES_BY_DESIGN: readonly string[] = [LeadStuckError.CODE];

/** How a handover can end. */
export const HANDOVER_OUTCOMES = ['done', 'failed', 'dead'] as const;
type HandoverOutcome = (typeof HANDOVER_OUTCOMES)[number];

/**
 * Decides what becomes of work after it was handed to Temporal.
 * @param error what the handover threw; undefined when it went well
 * @param attempts handovers so far, this one included
 */
export function judgeHandover(
  error: unknown,
  attempts: number,
): { outcome: HandoverOutcome; cause: string; retryMs: number } {
  if (error === undefined) return { outcome: 'done', cause: 'ok', retryMs: 0 };
  // Work that Temporal refuses looks as if it were away: each row waits longer by itself, so that it holds up no other.
  const retryMs = Math.min(60_000, 250 * 2 ** Math.min(attempts, 10));
  if (error instanceof TemporalUnavailableError) return { outcome: 'failed', cause: error.code, retryMs };
  if (error instanceof LeadStuckError) {
    const isOver = attempts >= STUCK_ATTEMPTS;
    const stuckRetryMs = Math.min(STUCK_RETRY_MS, 250 * 2 ** Math.min(attempts, 12));
    return { outcome: isOver ? 'dead' : 'failed', cause: error.code, retryMs: stuckRetryMs };
  }
  const cause = error instanceof Error ? error.name : 'unknown';
  const isFinal = error instanceof ZodError || attempts >= MAX_ATTEMPTS;
  return { outcome: isFinal ? 'dead' : 'failed', cause, retryMs };
}

/** How long the relay leaves Temporal or Postgres alone after so many failed rounds, in milliseconds. */
export const relayBackoffMs = (failures: number): number => Math.min(5_000, 100 * 2 ** Math.min(failures, 10));
