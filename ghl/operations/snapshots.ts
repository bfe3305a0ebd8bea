import { z } from 'zod';
import * as snapshot from '../snapshot-schema.ts';
import { inGroup, read } from './endpoint-groups.ts';

const snapshots = inGroup('snapshots');

export const snapshotOperations = {
  listSnapshots: {
    ...snapshots,
    ...read,
    path: '/snapshots/',
    response: z.object({ snapshots: z.array(snapshot.snapshotSchema) }),
  },
  listSnapshotLoads: {
    ...snapshots,
    ...read,
    path: '/snapshots/snapshot-status/:snapshotId',
    response: z.object({ data: z.array(snapshot.snapshotLoadSchema) }),
  },
  getSnapshotLoad: {
    ...snapshots,
    ...read,
    path: '/snapshots/snapshot-status/:snapshotId/location/:ghlLocationId',
    response: z.object({ data: snapshot.snapshotProgressSchema }),
  },
} as const;
