import { proxyActivities } from '@temporalio/workflow';
import type { FloorActivities } from './floor-worker.ts';

const { doNothing } = proxyActivities<FloorActivities>({ startToCloseTimeout: '30 seconds' });

/** The least that can be called durable work: a workflow with one activity that does nothing. */
export async function oneEmptyStep(): Promise<void> {
  await doNothing();
}
