import { setHandler } from '@temporalio/workflow';
import type { BackfillWish } from '../domain/backfill.ts';
import { cancelBackfillSignal, pauseBackfillSignal, resumeBackfillSignal } from './backfill-messages.ts';

/** Queues what is asked of a backfill, in order. @param earlier what an earlier run had not yet obeyed */
export function queueWishes(earlier: readonly BackfillWish[] = []): BackfillWish[] {
  const wishes: BackfillWish[] = [...earlier];
  setHandler(pauseBackfillSignal, () => void wishes.push('pause'));
  setHandler(resumeBackfillSignal, () => void wishes.push('run'));
  setHandler(cancelBackfillSignal, () => void wishes.push('cancel'));
  return wishes;
}

/** The signal that asks for it. */
export const SIGNAL_OF = {
  run: resumeBackfillSignal,
  pause: pauseBackfillSignal,
  cancel: cancelBackfillSignal,
} as const;
