import { ApplicationFailure } from '@temporalio/activity';
import { endMerge, findMerge } from '../db/contact-merges.ts';
import { withScope } from '../db/scope.ts';
import type { MergeArgs } from './contact-merge-ghl.ts';
import type { StoreDeps } from './dependencies.ts';
import { mapStoreFailures } from './store-failure.ts';

/** The step of a merge that notes why it is not done. */
export function createContactMergeActivities(deps: StoreDeps) {
  /** Ends a merge that was refused or failed. Repeatable: the first end stands. */
  async function endContactMerge(args: MergeArgs & { outcome: 'refused' | 'failed'; reason: string }): Promise<void> {
    const { agencyId, mergeId, outcome, reason } = args;
    await withScope(deps.db, { agencyId }, async (tx) => {
      const merge = await findMerge(tx, mergeId);
      if (!merge) throw ApplicationFailure.nonRetryable('no such merge', 'MergeUnknown');
      await endMerge(tx, merge, { outcome, reason, now: deps.now() });
    });
  }

  return mapStoreFailures({ endContactMerge });
}

export type ContactMergeActivities = ReturnType<typeof createContactMergeActivities>;
