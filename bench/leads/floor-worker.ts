import { Context } from '@temporalio/activity';
import { NativeConnection, Worker } from '@temporalio/worker';

export const FLOOR_QUEUE = 'bench-floor';
const SLOTS = 20;

/** Which server it polls; the one message it is sent. */
export interface FloorTask {
  address: string;
  namespace: string;
}

/** What it says: once that it polls, then each time its activity has run, and of which workflow. */
export type FloorWord = 'polling' | { ran: string };

const say = (word: FloorWord): void => void process.send!(word);
const doNothing = async (): Promise<void> => say({ ran: Context.current().info.workflowExecution!.workflowId });
const activities = { doNothing };
export type FloorActivities = typeof activities;

/** A worker of its own for the floor, with as many slots as leads have; it ends with its parent. */
process.once('message', ({ address, namespace }: FloorTask) => void work(address, namespace));

async function work(address: string, namespace: string): Promise<void> {
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    ...{ connection, namespace, taskQueue: FLOOR_QUEUE, activities },
    workflowsPath: new URL('./floor-workflows.ts', import.meta.url).pathname,
    maxConcurrentWorkflowTaskExecutions: SLOTS,
    maxConcurrentActivityTaskExecutions: SLOTS,
    maxCachedWorkflows: 300,
  });
  process.once('disconnect', () => worker.shutdown());
  const running = worker.run();
  say('polling');
  await running;
  await connection.close();
}
