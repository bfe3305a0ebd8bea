import type { Client } from '@temporalio/client';
import { ghlQueueOf, type LaneQueue } from '../workflows/task-queues.ts';

/** What waits in one task queue for a worker. */
export interface QueueBacklog {
  queue: string;
  type: 'workflow' | 'activity';
  tasks: number;
  /** How long the oldest has waited, in milliseconds. */
  ageMs: number;
}

const LANES: readonly LaneQueue[] = ['interactive', 'sync', 'bulk'];
/** Every task queue of ours. */
export const TASK_QUEUES = LANES.flatMap((lane): Pick<QueueBacklog, 'queue' | 'type'>[] => [
  { queue: lane, type: 'workflow' },
  { queue: lane, type: 'activity' },
  { queue: ghlQueueOf(lane), type: 'activity' },
]);

/** TASK_QUEUE_TYPE_WORKFLOW and TASK_QUEUE_TYPE_ACTIVITY of Temporal's API. */
const TYPES = { workflow: 1, activity: 2 };

/** What Temporal estimates to wait in each task queue of ours. @throws what gRPC throws */
export async function describeBacklogs({ workflowService, options: { namespace } }: Client): Promise<QueueBacklog[]> {
  return Promise.all(
    TASK_QUEUES.map(async ({ queue, type }) => {
      const { stats } = await workflowService.describeTaskQueue({
        namespace,
        taskQueue: { name: queue },
        taskQueueType: TYPES[type],
        reportStats: true,
      });
      const { seconds, nanos } = stats?.approximateBacklogAge ?? {};
      const ageMs = Number(seconds ?? 0) * 1_000 + (nanos ?? 0) / 1_000_000;
      return { queue, type, tasks: Number(stats?.approximateBacklogCount ?? 0), ageMs };
    }),
  );
}
