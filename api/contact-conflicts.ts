import type { RequestHandler } from 'express';
import type { Transaction } from 'kysely';
import { z } from 'zod';
import { candidatesOf, resolveConflict } from '../db/contact-conflicts.ts';
import { listHeldEdits } from '../db/contact-edits.ts';
import { listMappingsOf } from '../db/field-mappings.ts';
import type { Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import { nameField } from '../domain/contact-view.ts';
import { authenticateBearer } from './authentication.ts';
import type { ContactChangeDeps } from './contacts-create.ts';
import { readBody, readQuery } from './input.ts';
import { ProblemError } from './problem.ts';
import { describeRequest } from './request-log.ts';

const querySchema = z.strictObject({
  locationId: z.uuid().toLowerCase().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
const bodySchema = z.union([
  z.strictObject({ keep: z.enum(['ours', 'ghl']) }),
  z.strictObject({ ghlContactId: z.string().min(1).max(100) }),
  z.strictObject({ discard: z.literal(true) }),
]);
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * `GET /v1/contact-conflicts`: what waits for a decision, oldest first: a field with our value and GHL's, or a new
 * contact that may be one of several in GHL.
 */
export const listConflictsByApi =
  ({ db }: Pick<ContactChangeDeps, 'db'>): RequestHandler =>
  async (req, res) => {
    const caller = await authenticateBearer(db, req.get('authorization'));
    describeRequest(res, { agencyId: caller.agencyId, locationId: caller.locationId });
    const query = readQuery(req, querySchema);
    const conflicts = await withScope(db, caller.scope, (tx) => listConflicts(tx, query));
    res.set('Cache-Control', 'no-store').json({ conflicts });
  };

async function listConflicts(tx: Transaction<Database>, query: { locationId?: string | undefined; limit: number }) {
  const held = await listHeldEdits(tx, { locationId: query.locationId, limit: query.limit });
  const mappings = await listMappingsOf(tx, [...new Set(held.map((edit) => edit.locationId))]);
  const asked = new Set<string>();
  return held.flatMap((edit): Record<string, unknown>[] => {
    const { id, contactId, locationId, field, value, theirs, madeAt, actor, origin, reason } = edit;
    const about = { id, contactId, locationId, madeAt, actor, origin };
    const candidates = candidatesOf(edit);
    if (candidates) {
      // Who the contact is, is asked once, however many of its fields wait for that.
      if (asked.has(contactId)) return [];
      asked.add(contactId);
      return [{ ...about, kind: 'identity', reason, ghlContactIds: candidates }];
    }
    const own = mappings.filter((each) => each.locationId === locationId);
    return [{ ...about, kind: 'field', field: nameField(field, own), ours: value, theirs }];
  });
}

/**
 * `POST /v1/contact-conflicts/:id/resolve`: `{"keep":"ours"|"ghl"}` for a field; for a new contact
 * `{"ghlContactId":…}`, one of those named, or `{"discard":true}`. 409 when it is decided already.
 */
export const resolveConflictByApi =
  (deps: ContactChangeDeps): RequestHandler<{ id: string }> =>
  async (req, res) => {
    const { db } = deps;
    const caller = await authenticateBearer(db, req.get('authorization'));
    describeRequest(res, { agencyId: caller.agencyId, locationId: caller.locationId });
    const resolution = readBody(req as never, bodySchema);
    const id = req.params.id.toLowerCase();
    const act = { actor: caller.actor, origin: 'api' as const, now: deps.now() };
    const outcome = UUID.test(id)
      ? await withScope(db, caller.scope, (tx) => resolveConflict(tx, id, resolution, act))
      : 'unknown';
    if (outcome === 'unknown') throw new ProblemError(404, 'no-such-conflict');
    if (outcome === 'not-held') throw new ProblemError(409, 'already-decided');
    if (outcome === 'does-not-fit') throw new ProblemError(422, 'resolution-does-not-fit');
    deps.relay.wake();
    res.json({ id, outcome });
  };
