import type { Client, WorkflowStartOptions } from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import type { BackfillWish } from '../domain/backfill.ts';
import { backfillRunWorkflowId } from '../domain/workflow-ids.ts';
import { cancelBackfillSignal, pauseBackfillSignal, resumeBackfillSignal } from '../workflows/backfill-messages.ts';
import type { backfillRun } from '../workflows/index.ts';
import { LeadOverError } from './errors.ts';
import { searchAttributesOf } from './search-attributes.ts';

interface ClientParts {
  client: Client;
  startOnce: <T extends Workflow>(type: string, start: WorkflowStartOptions<T>) => Promise<void>;
  /** Does a call within the deadline of a start. */
  soon: <T>(call: () => Promise<T>) => Promise<T>;
}

const SIGNALS = { run: resumeBackfillSignal, pause: pauseBackfillSignal, cancel: cancelBackfillSignal };

/** What is asked of backfills. */
export const createBackfillClient = ({ client, startOnce, soon }: ClientParts) => ({
  /** Lets a run go that is stored, or go on; that it runs or has run to its end already is success. @throws TemporalUnavailableError */
  startBackfillRun: ({ agencyId, runId }: { agencyId: string; runId: string }): Promise<void> =>
    startOnce<typeof backfillRun>('backfillRun', {
      workflowId: backfillRunWorkflowId(agencyId, runId),
      taskQueue: 'bulk',
      args: [{ agencyId, runId }],
      // Where it stands is in the rows: one that was ended by force goes on from there.
      workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      staticSummary: 'Lets the parts of a backfill go, a few at a time',
      ...searchAttributesOf(agencyId, 'backfill'),
    }),

  /**
   * Tells a run's workflow what is wanted of it. One that is over needs no news.
   * @throws TemporalUnavailableError
   */
  async wishBackfill({ workflowId, wish }: { workflowId: string; wish: BackfillWish }): Promise<void> {
    try {
      await soon(() => client.workflow.getHandle(workflowId).signal(SIGNALS[wish]));
    } catch (error) {
      // What the client says of any workflow that does not run.
      if (!(error instanceof LeadOverError)) throw error;
    }
  },
});
