import { Context, log } from '@temporalio/activity';
import type { PlacementFacts } from '../db/lead-placement.ts';
import { withScope } from '../db/scope.ts';
import type { GhlCalls, LocationCall } from '../ghl/calls.ts';
import type { StoreDeps } from './dependencies.ts';
import { takeRead } from './mirror-news.ts';
import { readRecord } from './mirror-reads.ts';

/** No lead's step waits longer for it. */
const READ_WITHIN_MS = 1_000;

/**
 * Reads the contact by whose creation a lead came in, which the event of that would have read in a run of its own: with the
 * read in the mirror it has nothing to tell (db/known-changes.ts). It is done in the lane of such reads and fails nothing:
 * what it does not bring, GHL saying that there is no such contact above all, is left to the event.
 */
export function createSourceReading(deps: StoreDeps & { ghl: GhlCalls }) {
  return async ({ source }: Pick<PlacementFacts, 'source'>): Promise<void> => {
    if (!source) return;
    const { agencyId, locationId } = source.address;
    const signal = AbortSignal.any([Context.current().cancellationSignal, AbortSignal.timeout(READ_WITHIN_MS)]);
    const call: LocationCall = { resource: { kind: 'location', ...source.address }, lane: 'sync', signal };
    try {
      const seen = await readRecord(deps.ghl, call, { resource: 'contact', ghlId: source.contactId }, deps.now);
      const place = { agencyId, locationId, resource: 'contact' as const };
      if (seen) await withScope(deps.db, { agencyId }, (tx) => takeRead(tx, deps, place, seen));
    } catch (error) {
      const cause = error instanceof Error ? error.name : 'unknown';
      log.info('the contact of a lead is left to be read by its event', { locationId, cause });
    }
  };
}
