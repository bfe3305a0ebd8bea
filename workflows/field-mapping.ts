import { proxyActivities } from '@temporalio/workflow';
import type { FieldMappingGhlActivities, MapFieldArgs, MapFieldOutcome } from '../activities/field-mapping-ghl.ts';
import { ghlQueueOf } from './task-queues.ts';

export interface FieldMappingInput {
  agencyId: string;
  locationId: string;
  /** What is to be mapped; without it all that is mapped is compared with what GHL has. */
  map?: Pick<MapFieldArgs, 'request' | 'actor' | 'origin'>;
}

/** Somebody waits for the answer, and asks again when there is none: nothing is half done by then. */
const ghl = proxyActivities<FieldMappingGhlActivities>({
  taskQueue: ghlQueueOf('interactive'),
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '20 seconds',
  scheduleToCloseTimeout: '1 hour',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});

/** Asks a location what custom fields it has, and maps one of them or looks whether what is mapped is still so. */
export async function fieldMapping({ map, ...location }: FieldMappingInput): Promise<MapFieldOutcome | 'checked'> {
  if (map) return ghl.mapField({ ...location, ...map });
  await ghl.checkFields(location);
  return 'checked';
}
