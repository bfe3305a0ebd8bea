import { proxyActivities } from '@temporalio/workflow';
import type { BackfillActivities } from '../activities/backfill.ts';
import type { BackfillGhlActivities } from '../activities/backfill-ghl.ts';
import { ghlQueueOf } from './task-queues.ts';

/** Database steps of a backfill. */
export const backfills = proxyActivities<BackfillActivities>({
  startToCloseTimeout: '2 minutes',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '30 seconds' },
});

/** Everything else of the location goes first; nobody waits, so that an outage of days is sat out. */
export const backfillGhlOf = (locationId: string) =>
  proxyActivities<BackfillGhlActivities>({
    taskQueue: ghlQueueOf('bulk'),
    startToCloseTimeout: '5 minutes',
    heartbeatTimeout: '20 seconds',
    scheduleToCloseTimeout: '14 days',
    retry: { initialInterval: '2 seconds', maximumInterval: '1 minute' },
    priority: { priorityKey: 5, fairnessKey: locationId },
  });
