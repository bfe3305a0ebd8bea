import { z } from 'zod';
import { checkCompany } from '../../http/access.ts';
import { ok, plainRefusal, refusal } from '../../http/reply.ts';
import type { Call, Route } from '../../http/route.ts';
import { validate } from '../../http/validate.ts';
import type { Snapshot, SnapshotLoad } from '../../world/account-records.ts';
import { getCallLocation } from '../lookup.ts';
import { getSnapshot } from './lookup.ts';

const id = z.string().min(1);
const companySchema = z.strictObject({ companyId: id });
const shareSchema = z.strictObject({
  snapshot_id: id,
  share_type: z.enum(['link', 'permanent_link', 'agency_link', 'location_link']),
  relationship_number: z.string().optional(),
  share_location_id: z.string().optional(),
});
const statusListSchema = z.strictObject({
  companyId: id,
  from: id,
  to: id,
  lastDoc: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(10),
});

const read = { access: 'agency', scope: 'snapshots.readonly', method: 'get' } as const;

export const snapshotRoutes: Route[] = [
  {
    ...read,
    path: '/snapshots/',
    handle(call) {
      const companyId = companyIn(call, validate(companySchema, call.query));
      const own = call.sim.world.snapshots.listBy('companyId', companyId);
      return ok({ snapshots: own.map(({ id: snapshotId, name, type }) => ({ id: snapshotId, name, type })) });
    },
  },
  {
    access: 'agency',
    scope: 'snapshots.write',
    method: 'post',
    path: '/snapshots/share/link',
    handle(call) {
      const companyId = companyIn(call, validate(companySchema, call.query));
      const { snapshot_id } = validate(shareSchema, call.body);
      getSnapshot(call.sim, companyId, snapshot_id);
      const shareId = call.sim.random.id();
      return ok({ id: shareId, shareLink: `https://affiliates.gohighlevel.com/?share=${shareId}` }, 201);
    },
  },
  {
    ...read,
    path: '/snapshots/snapshot-status/:snapshotId',
    handle(call) {
      const { from, to, lastDoc, limit, ...query } = validate(statusListSchema, call.query);
      const snapshot = snapshotIn(call, companyIn(call, query));
      const [fromMs, toMs] = [timeOf(from, 'from'), timeOf(to, 'to')];
      const loads = loadsOf(call, snapshot).filter(({ dateAdded }) => {
        const atMs = Date.parse(dateAdded);
        return atMs >= fromMs && atMs <= toMs;
      });
      const start = lastDoc ? loads.findIndex((load) => load.id === lastDoc) + 1 : 0;
      return ok({ data: loads.slice(start, start + limit).map((load) => viewLoad(call, load)) });
    },
  },
  {
    ...read,
    path: '/snapshots/snapshot-status/:snapshotId/location/:locationId',
    handle(call) {
      const snapshot = snapshotIn(call, companyIn(call, validate(companySchema, call.query)));
      const location = getCallLocation(call, call.params['locationId'] ?? '');
      const load = loadsOf(call, snapshot).find(({ locationId }) => locationId === location.id);
      if (!load) throw plainRefusal(404, 'Snapshot status not found');
      const { completed, pending } = load;
      const { dateAdded: _date, ...shown } = viewLoad(call, load);
      return ok({ data: { ...shown, completed, pending } });
    },
  },
];

function companyIn(call: Call, { companyId }: { companyId: string }): string {
  checkCompany(call, companyId);
  return companyId;
}

function snapshotIn(call: Call, companyId: string): Snapshot {
  return getSnapshot(call.sim, companyId, call.params['snapshotId'] ?? '');
}

/** The loads of a snapshot, the newest first. */
function loadsOf(call: Call, snapshot: Snapshot): SnapshotLoad[] {
  const loads = call.sim.world.snapshotLoads.listBy('companyId', snapshot.companyId);
  return loads.filter((load) => load.snapshotId === snapshot.id).reverse();
}

/** Only ISO dates are taken, with or without a time; a day at the end of a span counts whole. */
function timeOf(given: string, field: 'from' | 'to'): number {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(given);
  if (!isDay && !/^\d{4}-\d{2}-\d{2}T/.test(given)) throw refusal(400, `${field} must be a valid ISO 8601 date string`);
  return Date.parse(isDay && field === 'to' ? `${given}T23:59:59.999Z` : given);
}

function viewLoad(call: Call, load: SnapshotLoad): Record<string, unknown> {
  const { id: loadId, locationId, status, dateAdded } = load;
  return {
    id: loadId,
    locationId,
    status: status === 'completed' ? call.sim.behaviour.snapshotCompletedWord : status,
    // The one place where dates look like this: 10/28/2022, 6:24:54 PM
    dateAdded: new Date(dateAdded).toLocaleString('en-US', { timeZone: 'UTC' }).replaceAll('\u202f', ' '),
  };
}
