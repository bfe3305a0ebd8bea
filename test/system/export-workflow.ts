import { proxyActivities } from '@temporalio/workflow';
import { ghlQueueOf } from '../../workflows/task-queues.ts';

export interface ExportActivities {
  /** @returns how many messages the page has */
  exportPage(args: { page: number }): Promise<number>;
}

const { exportPage } = proxyActivities<ExportActivities>({
  taskQueue: ghlQueueOf('bulk'),
  startToCloseTimeout: '3 minutes',
  heartbeatTimeout: '1 minute',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '2 seconds' },
});

/** Reads pages of messages, all at once, as a backfill of many locations does. @returns how many pages were read */
export async function exportPages({ pages }: { pages: number }): Promise<number> {
  return (await Promise.all(Array.from({ length: pages }, (_, page) => exportPage({ page })))).length;
}
