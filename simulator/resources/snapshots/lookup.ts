import { plainRefusal } from '../../http/reply.ts';
import type { Simulation } from '../../simulation.ts';
import type { Snapshot } from '../../world/account-records.ts';

/** Returns a snapshot of the agency. Raises 400 where it has none of this id. */
export function getSnapshot(sim: Simulation, companyId: string, snapshotId: string): Snapshot {
  const snapshot = sim.world.snapshots.get(snapshotId);
  if (snapshot?.companyId !== companyId) throw plainRefusal(400, `Snapshot with id ${snapshotId} not found`);
  return snapshot;
}
