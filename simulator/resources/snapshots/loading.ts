import type { Simulation } from '../../simulation.ts';
import type { Snapshot, SnapshotLoad } from '../../world/account-records.ts';
import { bringAssets, isAssetType } from './assets.ts';

/** Begins to load a snapshot into a location; its assets come one type after the other as time passes. */
export function beginLoading(sim: Simulation, snapshot: Snapshot, locationId: string, override: boolean): SnapshotLoad {
  const load: SnapshotLoad = {
    id: sim.random.id(),
    companyId: snapshot.companyId,
    locationId,
    snapshotId: snapshot.id,
    override,
    status: 'pending',
    completed: [],
    pending: Object.entries(snapshot.assets).flatMap(([type, assets]) => (assets.length > 0 ? [type] : [])),
    dateAdded: sim.clock.now().toISOString(),
  };
  sim.world.snapshotLoads.set(load.id, load);
  sim.agenda.add('snapshot-asset', load.id, sim.behaviour.snapshotAssetMs);
  return load;
}

/** Brings the next type of asset; after the last the load is completed. One that is to fail stops before its last type. */
export function loadNextAsset(sim: Simulation, loadId: string): void {
  const load = sim.world.snapshotLoads.get(loadId);
  const snapshot = load && sim.world.snapshots.get(load.snapshotId);
  if (!snapshot || !sim.world.locations.has(load.locationId)) return;
  const { snapshotOutcome, snapshotMissingAssets, snapshotAssetMs } = sim.behaviour;
  const [type, ...pending] = load.pending;
  if (snapshotOutcome === 'failed' && pending.length === 0) {
    sim.world.snapshotLoads.set(load.id, { ...load, status: 'failed' });
    return;
  }
  const left = snapshotOutcome === 'assets-missing' && type !== undefined && snapshotMissingAssets.includes(type);
  if (type !== undefined && isAssetType(type) && !left) {
    bringAssets(sim, snapshot, load.locationId, type, load.override);
  }
  sim.world.snapshotLoads.set(load.id, {
    ...load,
    completed: type === undefined || left ? load.completed : [...load.completed, type],
    pending,
    status: pending.length === 0 ? 'completed' : 'processing',
  });
  if (pending.length > 0) sim.agenda.add('snapshot-asset', load.id, snapshotAssetMs);
}
