import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { BackfillWish } from '../domain/backfill.ts';
import type { Pace } from '../domain/backfill-standing.ts';

/** What people ask of a run or of one part of it; the latest counts, and a cancelled one stays so. */
export const pauseBackfillSignal = defineSignal('pauseBackfill');
export const resumeBackfillSignal = defineSignal('resumeBackfill');
export const cancelBackfillSignal = defineSignal('cancelBackfill');

/** A part tells its run that it has ended. */
export const partEndedSignal = defineSignal('partEnded');

/** How far a part is, as its workflow knows it: some seconds old. */
export interface BackfillProgress extends Pace {
  step: string | null;
  done: number;
  total: number | null;
  listed: number;
  wanted: BackfillWish;
}
export const backfillProgressQuery = defineQuery<BackfillProgress>('backfillProgress');
