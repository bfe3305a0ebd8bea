import type { RequestHandler } from 'express';
import { z } from 'zod';
import { findMerge, requestMerge } from '../db/contact-merges.ts';
import { listSharingContacts } from '../db/duplicate-contacts.ts';
import { withScope } from '../db/scope.ts';
import { groupDuplicates } from '../domain/contact-duplicates.ts';
import { authenticateAgency, authenticateBearer } from './authentication.ts';
import type { ContactChangeDeps } from './contacts-create.ts';
import { readBody, readQuery } from './input.ts';
import { ProblemError } from './problem.ts';
import { describeRequest } from './request-log.ts';

const querySchema = z.strictObject({
  within: z.enum(['location', 'agency']).default('location'),
  locationId: z.uuid().toLowerCase().optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
const bodySchema = z.strictObject({
  survivorId: z.uuid().toLowerCase(),
  loserId: z.uuid().toLowerCase(),
  acceptLoss: z.boolean().default(false),
});
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * `GET /v1/duplicate-contacts`: who shares an e-mail or a phone with whom, inside each location, or `within=agency`, for
 * which the key of an agency is needed.
 */
export const listDuplicatesByApi =
  ({ db }: Pick<ContactChangeDeps, 'db'>): RequestHandler =>
  async (req, res) => {
    const query = readQuery(req, querySchema);
    const identify = query.within === 'agency' ? authenticateAgency : authenticateBearer;
    const { agencyId, locationId, scope } = await identify(db, req.get('authorization'));
    describeRequest(res, { agencyId, locationId });
    const of = { agencyId, within: query.within, locationId: query.locationId, limit: query.limit };
    const shared = await withScope(db, scope, (tx) => listSharingContacts(tx, of));
    const groups = groupDuplicates(shared).map(({ contactIds, reasons }) => ({
      reasons,
      contacts: contactIds.map((id) => {
        const found = shared.find(({ contactId }) => contactId === id);
        return { id, locationId: found?.locationId, ghlContactId: found?.ghlId };
      }),
    }));
    res.set('Cache-Control', 'no-store').json({ groups });
  };

/**
 * `POST /v1/contact-merges`: two contacts of a location are one person. 202 with the merge, which the location’s GHL then
 * follows; asked again after it failed, it goes on. 409 with the reason when they cannot be merged now.
 */
export const mergeContactsByApi =
  (deps: ContactChangeDeps): RequestHandler =>
  async (req, res) => {
    const { db } = deps;
    const caller = await authenticateBearer(db, req.get('authorization'));
    describeRequest(res, { agencyId: caller.agencyId, locationId: caller.locationId });
    const { acceptLoss: acceptsLoss, ...pair } = readBody(req, bodySchema);
    const act = { actor: caller.actor, origin: 'api' as const, now: deps.now() };
    const asked = await withScope(db, caller.scope, (tx) => requestMerge(tx, { ...pair, acceptsLoss }, act));
    if ('refused' in asked) {
      throw new ProblemError(
        asked.refused === 'unknown' ? 404 : 409,
        asked.refused === 'unknown' ? 'no-such-contact' : asked.refused,
      );
    }
    deps.relay.wake();
    res.status(202).location(`/v1/contact-merges/${asked.mergeId}`).json({ id: asked.mergeId, outcome: null });
  };

/** `GET /v1/contact-merges/:id`: what became of it; `outcome` is null while it goes on. */
export const getMergeByApi =
  ({ db }: Pick<ContactChangeDeps, 'db'>): RequestHandler<{ id: string }> =>
  async (req, res) => {
    const caller = await authenticateBearer(db, req.get('authorization'));
    describeRequest(res, { agencyId: caller.agencyId, locationId: caller.locationId });
    const { id } = req.params;
    const merge = UUID.test(id) ? await withScope(db, caller.scope, (tx) => findMerge(tx, id)) : undefined;
    if (!merge) throw new ProblemError(404, 'no-such-merge');
    const { survivor_id: survivorId, loser_id: loserId, outcome, reason, made_at: madeAt, ended_at: endedAt } = merge;
    res.json({ id: merge.id, survivorId, loserId, outcome, reason, actor: merge.actor, madeAt, endedAt });
  };
