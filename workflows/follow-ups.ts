import { ActivityFailure, isCancellation, log, patched } from '@temporalio/workflow';

/**
 * Steps that tell GHL what counts here already. They run beside a loop, so that an outage of GHL delays no answer: in
 * order within a location, and each location by itself, so that one that cannot be reached keeps no rep of another waiting.
 */
export interface FollowUps {
  add(locationId: string, step: () => Promise<void>): Promise<void>;
  isIdle(): boolean;
}

/**
 * Runs that were begun when the route of a lead was a step of its own go on like that. Asked before the older questions: a
 * run of now answers them with it, and its history holds one mark instead of four.
 */
export const isRoutedAtOnce = (): boolean => patched('lead-routed-at-once');

/** Runs that were begun when placing and confirming, and explaining and notifying, were steps of their own go on like that. */
export const isInFewerSteps = (): boolean => isRoutedAtOnce() || patched('lead-in-fewer-steps');

/** Runs that were begun when GHL was told inside the loop go on as their histories say. */
export const isGhlToldBeside = (): boolean => isInFewerSteps() || patched('ghl-told-beside');

/** Runs that were begun when all locations were told in one row go on like that. */
const rowOf = (locationId: string): string =>
  isInFewerSteps() || patched('ghl-told-by-location') ? locationId : 'all';

/** A step is done after all that were added before it for its location; one that fails stops none of the others. */
export function openFollowUps(): FollowUps {
  const last = new Map<string, Promise<void>>();
  let waiting = 0;

  async function runAfter(earlier: Promise<void>, step: () => Promise<void>): Promise<void> {
    await earlier;
    try {
      await step();
    } catch (error) {
      if (!(error instanceof ActivityFailure) && !isCancellation(error)) throw error;
      log.warn('a step that follows in GHL was given up');
    } finally {
      waiting -= 1;
    }
  }

  return {
    async add(locationId, step) {
      if (!isGhlToldBeside()) return step();
      const row = rowOf(locationId);
      waiting += 1;
      last.set(row, runAfter(last.get(row) ?? Promise.resolve(), step));
    },
    isIdle: () => waiting === 0,
  };
}
