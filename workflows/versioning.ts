import type { VersioningBehavior } from '@temporalio/common';
import type * as workflows from './index.ts';

/**
 * Whether a workflow moves on to the next version of the workers (`AUTO_UPGRADE`) or ends on the one it began on (`PINNED`);
 * https://docs.temporal.io/worker-versioning#versioning-behaviors. Moving on is the rule: nothing waits then for workers
 * that are gone, a roll-back takes everything off a broken version, and an old container can go as soon as another has
 * its work. The price is that a change must replay (`patched()`, test/replay). What is pinned must end soon by its own
 * deadlines, be asked again when it does not, and be one run: a continued one stays with its version.
 */
export const VERSIONING: Readonly<Record<keyof typeof workflows, VersioningBehavior>> = {
  // Lives for weeks; who reassigns or closes it must be answered by workers that are there.
  leadIntake: 'AUTO_UPGRADE',
  // Entities that signals start and keep alive, run after run.
  accountSync: 'AUTO_UPGRADE',
  contactSync: 'AUTO_UPGRADE',
  // One run may wait a day for GHL, three times.
  contactMerge: 'AUTO_UPGRADE',
  // Obtains tokens for as long as it takes, in several runs.
  agencyConnect: 'AUTO_UPGRADE',
  // Hours to days; parts and run tell one another by signals, and parts outlive the runs of the workflow that began them.
  backfill: 'AUTO_UPGRADE',
  backfillRun: 'AUTO_UPGRADE',
  // Short, but its schedule skips a round while one runs: one that waited for workers that are gone would end all polling.
  pollRounds: 'AUTO_UPGRADE',
  // The same: its schedule skips a run while one goes on.
  upkeep: 'AUTO_UPGRADE',
  // Tries for three days; who hears of it must not depend on workers that are gone.
  notification: 'AUTO_UPGRADE',
  // A child that outlives its parent and continues as new.
  pollSync: 'AUTO_UPGRADE',
  // A person waits ten minutes at most, and the old token works meanwhile.
  credentialRotation: 'PINNED',
  // A person waits an hour at most and asks again; nothing is half done.
  fieldMapping: 'PINNED',
};
