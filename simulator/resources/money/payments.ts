import { z } from 'zod';
import { ok, plainRefusal } from '../../http/reply.ts';
import type { Call, Route } from '../../http/route.ts';
import { validate } from '../../http/validate.ts';
import { getCallLocation } from '../lookup.ts';

const text = z.string().optional();
/** Whose money is meant; `altId` is a location's id, the only kind there is. */
const ownerSchema = z.object({
  altId: z.string().min(1),
  altType: z.literal('location').default('location'),
  locationId: text,
});
const listSchema = z.strictObject({
  ...ownerSchema.shape,
  startAt: text,
  endAt: text,
  contactId: text,
  status: text,
  entityId: text,
  subscriptionId: text,
  entitySourceType: text,
  entitySourceSubType: text,
  paymentMode: z.enum(['live', 'test']).optional(),
  search: text,
  id: text,
  sourceId: text,
  limit: z.coerce.number().int().min(1).max(100).default(10),
  offset: z.coerce.number().int().min(0).default(0),
});

/** What transactions, orders and subscriptions have in common. */
interface MoneyRecord {
  id: string;
  locationId: string;
  contactId?: string | null | undefined;
  status: string;
  liveMode: boolean;
  createdAt: string;
  entityId?: string | null | undefined;
  subscriptionId?: string | null | undefined;
}
type Kind = 'transactions' | 'orders' | 'subscriptions';

export const paymentRoutes: Route[] = (['transactions', 'orders', 'subscriptions'] as const).flatMap((kind) => {
  const read = { access: 'location', scope: `payments/${kind}.readonly`, method: 'get' } as const;
  return [
    { ...read, path: `/payments/${kind}`, handle: (call) => answerList(call, kind) },
    {
      ...read,
      path: `/payments/${kind}/:recordId`,
      handle(call) {
        const { altId } = validate(z.strictObject(ownerSchema.shape), call.query);
        const { id } = getCallLocation(call, altId);
        const record: MoneyRecord | undefined = call.sim.world[kind].get(call.params['recordId'] ?? '');
        if (record?.locationId !== id) throw plainRefusal(404, `No ${kind} found for the given id`);
        return ok(viewMoney(record));
      },
    },
  ] satisfies Route[];
});

/** A record as the payments API shows it: `_id`, and the location under `altId`. */
export function viewMoney<T extends { id: string; locationId: string }>(record: T): Record<string, unknown> {
  const { id, locationId, ...rest } = record;
  return { _id: id, altId: locationId, altType: 'location', ...rest };
}

function answerList(call: Call, kind: Kind): ReturnType<typeof ok> {
  const wanted = validate(listSchema, call.query);
  const { id } = getCallLocation(call, wanted.altId);
  const all: MoneyRecord[] = call.sim.world[kind].listBy('locationId', id);
  const fromMs = wanted.startAt ? Date.parse(wanted.startAt) : -Infinity;
  // A day at the end of the span counts whole.
  const toMs = wanted.endAt ? Date.parse(wanted.endAt) + (wanted.endAt.length === 10 ? 86_399_999 : 0) : Infinity;
  const found = all
    .filter((record) => {
      const atMs = Date.parse(record.createdAt);
      return (
        atMs >= fromMs &&
        atMs <= toMs &&
        (!wanted.contactId || record.contactId === wanted.contactId) &&
        (!wanted.status || record.status === wanted.status) &&
        (!wanted.entityId || record.entityId === wanted.entityId) &&
        (!wanted.subscriptionId || record.subscriptionId === wanted.subscriptionId) &&
        (!wanted.id || record.id === wanted.id) &&
        (!wanted.paymentMode || record.liveMode === (wanted.paymentMode === 'live'))
      );
    })
    .sort((a, b) => b.createdAt.localeCompare(a.createdAt) || a.id.localeCompare(b.id));
  const page = found.slice(wanted.offset, wanted.offset + wanted.limit);
  return ok({ data: page.map(viewMoney), totalCount: found.length });
}
