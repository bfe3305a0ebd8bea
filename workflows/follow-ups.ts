import { ActivityFailure, isCancellation, log } from '@temporalio/workflow';
import type { LeadWay } from './lead-way.ts';

/**
 * Steps that tell GHL what counts here already. They run beside a loop, so that an outage of GHL delays no answer: in
 * order within a location, and each location by itself, so that one that cannot be reached keeps no rep of another waiting.
 */
export interface FollowUps {
  add(locationId: string, step: () => Promise<void>): Promise<void>;
  isIdle(): boolean;
}

/** A step is done after all that were added before it for its location; one that fails stops none of the others. */
export function openFollowUps(way: LeadWay): FollowUps {
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
      if (!way.isGhlToldBeside()) return step();
      const row = way.isToldByLocation() ? locationId : 'all';
      waiting += 1;
      last.set(row, runAfter(last.get(row) ?? Promise.resolve(), step));
    },
    isIdle: () => waiting === 0,
  };
}
