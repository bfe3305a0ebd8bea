import type { RequestHandler } from 'express';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import { listUnsettledEdits } from '../db/contact-edits.ts';
import { listContacts } from '../db/contacts.ts';
import { listMappingsOf } from '../db/field-mappings.ts';
import type { Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import { SYNC_STATUSES } from '../domain/contact-edit.ts';
import { authenticateBearer } from './authentication.ts';
import { viewContact } from './contact-view.ts';
import { readQuery } from './input.ts';
import { describeRequest } from './request-log.ts';

const querySchema = z.strictObject({
  locationId: z.uuid().toLowerCase().optional(),
  email: z.string().trim().toLowerCase().max(254).optional(),
  /** In E.164. */
  phone: z.string().trim().max(20).optional(),
  ghlContactId: z.string().max(100).optional(),
  syncStatus: z.enum(SYNC_STATUSES).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.uuid().toLowerCase().optional(),
});

/**
 * `GET /v1/contacts?locationId&email&phone&ghlContactId&syncStatus&limit&cursor`: those that are there, a page at a time, in
 * no order of meaning; `nextCursor` is null on the last page.
 */
export const listContactsByApi =
  ({ db }: { db: Kysely<Database> }): RequestHandler =>
  async (req, res) => {
    const caller = await authenticateBearer(db, req.get('authorization'));
    describeRequest(res, { agencyId: caller.agencyId, locationId: caller.locationId });
    const { limit, cursor, ghlContactId: ghlId, ...filter } = readQuery(req, querySchema);
    const answer = await withScope(db, caller.scope, async (tx) => {
      // One more than asked for tells whether there is a next page.
      const found = await listContacts(tx, { ...filter, ghlId }, { after: cursor, limit: limit + 1 });
      const page = found.slice(0, limit);
      const edits = await listUnsettledEdits(
        tx,
        page.map(({ id }) => id),
      );
      const mappings = await listMappingsOf(tx, [...new Set(page.map((each) => each.location_id))]);
      const contacts = page.map((contact) =>
        viewContact(
          contact,
          edits.filter(({ contactId }) => contactId === contact.id),
          mappings.filter(({ locationId }) => locationId === contact.location_id),
        ),
      );
      return { contacts, nextCursor: found.length > limit ? (page.at(-1)?.id ?? null) : null };
    });
    res.set('Cache-Control', 'no-store').json(answer);
  };
