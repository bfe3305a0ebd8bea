import type { Client } from '@temporalio/client';
import { ghlQueueOf, type LaneQueue, NOTICE_QUEUE, WEBHOOK_QUEUE } from '../workflows/task-queues.ts';

/** What waits in one task queue for a worker. */
export interface QueueBacklog {
  queue: string;
  type: 'workflow' | 'activity';
  tasks: number;
  /** How long the oldest has waited, in milliseconds. */
  ageMs: number;
}

const LANES: readonly LaneQueue[] = ['interactive', 'sync', 'bulk'];
/** TASK_QUEUE_TYPE_WORKFLOW and TASK_QUEUE_TYPE_ACTIVITY of Temporal's API. */
const WORKFLOW = { type: 'workflow', typeNumber: 1 } as const;
const ACTIVITY = { type: 'activity', typeNumber: 2 } as const;

/** Every task queue of ours, by what is taken from it. */
export const TASK_QUEUES = [
  ...LANES.flatMap((lane) => [
    { queue: lane, ...WORKFLOW },
    { queue: lane, ...ACTIVITY },
    { queue: ghlQueueOf(lane), ...ACTIVITY },
  ]),
  { queue: NOTICE_QUEUE, ...ACTIVITY },
  { queue: WEBHOOK_QUEUE, ...ACTIVITY },
];

/** Calls within one deadline share its signal, and Node warns of a leak where more than ten listen to it. */
const SIDE_BY_SIDE = 6;

/**
 * What Temporal estimates to wait in each task queue of ours.
 * @param within does calls within a deadline of their own @throws what it throws
 */
export async function describeBacklogs(
  client: Client,
  within: <T>(call: () => Promise<T>) => Promise<T>,
): Promise<QueueBacklog[]> {
  const backlogs: QueueBacklog[] = [];
  for (let first = 0; first < TASK_QUEUES.length; first += SIDE_BY_SIDE) {
    const some = TASK_QUEUES.slice(first, first + SIDE_BY_SIDE);
    backlogs.push(...(await within(() => Promise.all(some.map((each) => describeBacklog(client, each))))));
  }
  return backlogs;
}

async function describeBacklog(
  { workflowService, options: { namespace } }: Client,
  { queue, type, typeNumber }: (typeof TASK_QUEUES)[number],
): Promise<QueueBacklog> {
  const { stats } = await workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: queue },
    taskQueueType: typeNumber,
    reportStats: true,
  });
  const { seconds, nanos } = stats?.approximateBacklogAge ?? {};
  const ageMs = Number(seconds ?? 0) * 1_000 + (nanos ?? 0) / 1_000_000;
  return { queue, type, tasks: Number(stats?.approximateBacklogCount ?? 0), ageMs };
}
