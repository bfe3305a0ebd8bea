import { ActivityFailure, isCancellation, log, patched } from '@temporalio/workflow';

/** Steps that tell GHL what counts here already. They run in order beside a loop, so that an outage of GHL delays no answer. */
export interface FollowUps {
  add(step: () => Promise<void>): Promise<void>;
  isIdle(): boolean;
}

/** Runs that were begun when GHL was told inside the loop go on as their histories say. */
export const isGhlToldBeside = (): boolean => patched('ghl-told-beside');

/** A step is done after all that were added before it; one that fails stops none of the others. */
export function openFollowUps(): FollowUps {
  let last = Promise.resolve();
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
    async add(step) {
      if (!isGhlToldBeside()) return step();
      waiting += 1;
      last = runAfter(last, step);
    },
    isIdle: () => waiting === 0,
  };
}
