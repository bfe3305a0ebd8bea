import type { RequestHandler } from 'express';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import { groupDeadLetters, listDeadLetters } from '../db/dead-letter-list.ts';
import type { Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import { DEAD_LETTER_CAPABILITIES, DEAD_LETTER_STATES } from '../domain/dead-letter.ts';
import { viewDeadLetter } from '../domain/dead-letter-view.ts';
import { authenticateBearer } from './authentication.ts';
import { readQuery } from './input.ts';
import { describeRequest } from './request-log.ts';

const uuid = z.uuid().toLowerCase();

/** Which letters a request is about. `cause` is how the cause begins; `before` is not included. */
export const letterFilter = {
  capability: z.enum(DEAD_LETTER_CAPABILITIES).optional(),
  cause: z.string().min(1).max(200).optional(),
  locationId: uuid.optional(),
  subjectId: z.string().min(1).max(200).optional(),
  before: z.iso
    .datetime({ offset: true })
    .transform((text) => new Date(text))
    .optional(),
};

const groupsSchema = z.strictObject({ ...letterFilter, state: z.enum(DEAD_LETTER_STATES).default('open') });
const listSchema = groupsSchema.extend({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: uuid.optional(),
});

/** `GET /v1/dead-letters`: those that are open, or in the `state` asked for, newest first; `nextCursor` is null on the last page. */
export const listDeadLettersByApi =
  ({ db }: { db: Kysely<Database> }): RequestHandler =>
  async (req, res) => {
    const caller = await authenticateBearer(db, req.get('authorization'));
    describeRequest(res, { agencyId: caller.agencyId, locationId: caller.locationId });
    const { limit, cursor, ...filter } = readQuery(req, listSchema);
    // One more than asked for tells whether there is a next page.
    const page = { after: cursor, limit: limit + 1 };
    const found = await withScope(db, caller.scope, (tx) => listDeadLetters(tx, filter, page));
    const letters = found.slice(0, limit).map(viewDeadLetter);
    const nextCursor = found.length > limit ? (letters.at(-1)?.id ?? null) : null;
    res.set('Cache-Control', 'no-store').json({ deadLetters: letters, nextCursor });
  };

/** `GET /v1/dead-letters/groups`: how many there are by capability and cause, and since when. */
export const groupDeadLettersByApi =
  ({ db }: { db: Kysely<Database> }): RequestHandler =>
  async (req, res) => {
    const caller = await authenticateBearer(db, req.get('authorization'));
    describeRequest(res, { agencyId: caller.agencyId, locationId: caller.locationId });
    const filter = readQuery(req, groupsSchema);
    const groups = await withScope(db, caller.scope, (tx) => groupDeadLetters(tx, filter));
    res.set('Cache-Control', 'no-store').json({ groups });
  };
