import type { RequestHandler } from 'express';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import { listDeliveries } from '../db/notice-deliveries.ts';
import type { Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import { DELIVERY_STATES } from '../domain/notice.ts';
import { authenticateBearer } from './authentication.ts';
import { readQuery } from './input.ts';
import { describeRequest } from './request-log.ts';

const uuid = z.uuid().toLowerCase();
const listSchema = z.strictObject({
  noticeId: uuid.optional(),
  leadId: uuid.optional(),
  state: z.enum(DELIVERY_STATES).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: uuid.optional(),
});

/**
 * `GET /v1/notice-deliveries`: to whom notices went or are to go, by kind and id and never where, and what became of it;
 * of one `noticeId`, `leadId` or `state` when it is named. Newest first; `nextCursor` is null on the last page.
 */
export const listNoticeDeliveriesByApi =
  ({ db }: { db: Kysely<Database> }): RequestHandler =>
  async (req, res) => {
    const caller = await authenticateBearer(db, req.get('authorization'));
    describeRequest(res, { agencyId: caller.agencyId, locationId: caller.locationId });
    const { limit, cursor, ...filter } = readQuery(req, listSchema);
    // One more than asked for tells whether there is a next page.
    const page = { ...filter, before: cursor, limit: limit + 1 };
    const found = await withScope(db, caller.scope, (tx) => listDeliveries(tx, page));
    const deliveries = found.slice(0, limit);
    const nextCursor = found.length > limit ? (deliveries.at(-1)?.id ?? null) : null;
    res.set('Cache-Control', 'no-store').json({ deliveries, nextCursor });
  };
