import type { CompanyCall, GhlCalls } from './calls.ts';
import type { Page } from './page.ts';
import type { GhlSnapshot, GhlSnapshotLoad, GhlSnapshotProgress } from './snapshot-schema.ts';

/** The snapshots of the agency. None can be made by the API; `createLocation` and `updateLocation` load them. */
export async function listSnapshots(ghl: GhlCalls, context: CompanyCall): Promise<GhlSnapshot[]> {
  const query = { companyId: context.resource.ghlCompanyId };
  const answer = await ghl.call('listSnapshots', { ...context, query });
  return answer.snapshots;
}

/**
 * One page of the locations a snapshot was loaded into between two times, the newest first; `limit` is at most 100.
 * @param after the id of the last load of the page before
 */
export async function listSnapshotLoads(
  ghl: GhlCalls,
  context: CompanyCall,
  of: { snapshotId: string; from: Date; to: Date; limit: number },
  after?: string,
): Promise<Page<GhlSnapshotLoad, string>> {
  // Other forms of a date are refused.
  const span = { from: of.from.toISOString(), to: of.to.toISOString() };
  const query = { companyId: context.resource.ghlCompanyId, ...span, lastDoc: after, limit: String(of.limit) };
  const { data } = await ghl.call('listSnapshotLoads', { ...context, path: { snapshotId: of.snapshotId }, query });
  return { items: data, next: data.length < of.limit ? null : (data.at(-1)?.id ?? null) };
}

/**
 * How far a snapshot is loaded into a location: which kinds of assets have come and which are to come. The status is
 * not to be trusted alone: its values are not published, and GHL once called a load completed that lacked assets. So
 * compare `completed` with what the snapshot should bring, and look for the assets themselves.
 * @throws GhlNotFoundError while no load is known, as in the first moments
 */
export async function getSnapshotLoad(
  ghl: GhlCalls,
  context: CompanyCall,
  of: { snapshotId: string; ghlLocationId: string },
): Promise<GhlSnapshotProgress> {
  const query = { companyId: context.resource.ghlCompanyId };
  const answer = await ghl.call('getSnapshotLoad', { ...context, path: of, query });
  return answer.data;
}
