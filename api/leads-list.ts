import type { RequestHandler } from 'express';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import { listLeads } from '../db/leads.ts';
import type { Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import { authenticateBearer } from './authentication.ts';
import { readQuery } from './input.ts';
import { encodeLeadCursor, leadCursor } from './lead-cursor.ts';
import { viewLead } from './lead-view.ts';
import { describeRequest } from './request-log.ts';

const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

const querySchema = z.strictObject({
  state: z.enum(['received', 'routing', 'assigned', 'accepted', 'queued', 'closed']).optional(),
  locationId: z.uuid().optional(),
  repId: z.uuid().optional(),
  receivedFrom: time.optional(),
  receivedTo: time.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: leadCursor.optional(),
});

/**
 * `GET /v1/leads`: the newest first, a page at a time; `nextCursor` is null on the last page. `receivedFrom` is
 * included, `receivedTo` is not.
 */
export const listLeadsByApi =
  ({ db }: { db: Kysely<Database> }): RequestHandler =>
  async (req, res) => {
    const caller = await authenticateBearer(db, req.get('authorization'));
    describeRequest(res, { agencyId: caller.agencyId, locationId: caller.locationId });
    const { limit, cursor, ...filter } = readQuery(req, querySchema);
    // One more than asked for tells whether there is a next page.
    const found = await withScope(db, caller.scope, (tx) => listLeads(tx, filter, { after: cursor, limit: limit + 1 }));
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : undefined;
    const nextCursor = last ? encodeLeadCursor({ receivedAt: last.received_at, id: last.id }) : null;
    res.set('Cache-Control', 'no-store').json({ leads: page.map(viewLead), nextCursor });
  };
