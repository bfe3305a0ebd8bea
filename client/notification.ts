import type { WorkflowStartOptions } from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import { notificationWorkflowId } from '../domain/workflow-ids.ts';
import type { notification } from '../workflows/index.ts';
import { searchAttributesOf } from './search-attributes.ts';

/** A notice that is to be told, and the dead letter from which it is told once more. */
interface StartedNotice {
  agencyId: string;
  noticeId: string;
  locationId: string | null;
  redriveId?: string | undefined;
}

/** What is asked of notices. */
export const createNotificationClient = (
  startOnce: <T extends Workflow>(type: string, start: WorkflowStartOptions<T>) => Promise<void>,
) => ({
  /** Tells of a notice; that it runs or has run already is success. @throws TemporalUnavailableError */
  startNotification: ({ agencyId, noticeId, locationId, redriveId }: StartedNotice): Promise<void> =>
    startOnce<typeof notification>('notification', {
      workflowId: notificationWorkflowId(agencyId, noticeId, redriveId),
      taskQueue: 'sync',
      args: [{ agencyId, noticeId }],
      staticSummary: 'Tells who is to hear of what has happened',
      ...searchAttributesOf(agencyId, 'notification', locationId),
    }),
});
