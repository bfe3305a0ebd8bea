import type { Request, RequestHandler } from 'express';
import type { Kysely, Transaction } from 'kysely';
import { z } from 'zod';
import type { KeyProvider } from '../crypto/key-ring.ts';
import { audit } from '../db/audit-log.ts';
import {
  listSubscriptions,
  muteSubscription,
  subscribe,
  TooManySubscriptionsError,
  unsubscribe,
} from '../db/notice-subscriptions.ts';
import { findRep, updateRep } from '../db/reps.ts';
import type { Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import type { HeardSubscription } from '../domain/notice-recipients.ts';
import { mailTargetSchema, maskAddress, topicsSchema } from '../domain/notice-subscription-schema.ts';
import { authenticateBearer, type Caller } from './authentication.ts';
import { requireLocation } from './contact-access.ts';
import { readBody } from './input.ts';
import { ProblemError } from './problem.ts';
import { describeRequest } from './request-log.ts';

export interface NoticeSubscriptionDeps {
  db: Kysely<Database>;
  keys: KeyProvider;
  /** Whether a mail server is configured. */
  sendsMail: boolean;
  now: () => Date;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const bodySchema = z
  .strictObject({
    channel: z.literal('email'),
    to: mailTargetSchema,
    topics: topicsSchema,
    locationId: z.string().regex(UUID).optional(),
    repId: z.string().regex(UUID).optional(),
  })
  .refine(({ locationId, repId }) => locationId === undefined || repId === undefined, 'a rep has a location');

/** `GET /v1/notice-subscriptions`: who hears of what, of what the credential may see. */
export const listSubscriptionsByApi =
  (deps: NoticeSubscriptionDeps): RequestHandler =>
  async (req, res) => {
    const caller = await identify(deps, req);
    describeRequest(res, { agencyId: caller.agencyId, locationId: caller.locationId });
    const subscriptions = await withScope(deps.db, caller.scope, (tx) => listSubscriptions(tx, deps.keys));
    res.json({ subscriptions: subscriptions.map((each) => view(each, deps)) });
  };

/**
 * `POST /v1/notice-subscriptions`: 201 with the subscription; 200 when this recipient had one for the same place, which
 * then has the topics of both. A location's key subscribes to what concerns its location. 409 when as many hear of the
 * place as may.
 */
export const subscribeByApi =
  (deps: NoticeSubscriptionDeps): RequestHandler =>
  async (req, res) => {
    const caller = await identify(deps, req);
    const { agencyId, actor } = caller;
    describeRequest(res, { agencyId, locationId: caller.locationId });
    const { channel, to, topics, ...place } = readBody(req, bodySchema);
    const { subscription, isNew } = await withScope(deps.db, caller.scope, async (tx) => {
      const of = await requirePlace(tx, caller, place);
      const made = await subscribe(tx, deps.keys, {
        ...of,
        agencyId,
        topics,
        channel,
        recipient: 'rep' in to ? 'rep' : 'address',
        address: 'rep' in to ? null : to.address,
        endpointId: null,
        madeBy: actor,
      });
      const after = { ...of, channel, recipient: made.subscription.recipient, topics: made.subscription.topics };
      const subject = `notice-subscription:${made.subscription.id}`;
      await audit(tx, { agencyId, actor, origin: 'api', action: 'notice.subscribe', subject, after });
      return made;
    }).catch((error: unknown) => {
      if (error instanceof TooManySubscriptionsError)
        throw new ProblemError(409, error.code, { detail: error.message });
      throw error;
    });
    res.status(isNew ? 201 : 200).json(view(subscription, deps));
  };

/** `DELETE /v1/notice-subscriptions/:id`: 204; what is on its way to it is not sent any more. 404 */
export const unsubscribeByApi =
  (deps: NoticeSubscriptionDeps): RequestHandler<{ id: string }> =>
  async (req, res) => {
    const caller = await identify(deps, req);
    const { agencyId, actor } = caller;
    describeRequest(res, { agencyId, locationId: caller.locationId });
    const id = req.params.id.toLowerCase();
    const isRemoved = await withScope(deps.db, caller.scope, async (tx) => {
      if (!UUID.test(id) || !(await unsubscribe(tx, caller.scope, id))) return false;
      const subject = `notice-subscription:${id}`;
      await audit(tx, { agencyId, actor, origin: 'api', action: 'notice.unsubscribe', subject });
      return true;
    });
    if (!isRemoved) throw new ProblemError(404, 'no-such-subscription');
    res.status(204).end();
  };

/**
 * `POST /v1/notice-subscriptions/:id/mute` and `…/unmute`: 200 with the subscription as it is then. What happens while it
 * is muted it never hears of; a webhook that is on its way still goes. 404
 */
export const muteSubscriptionByApi =
  (deps: NoticeSubscriptionDeps, wish: 'mute' | 'unmute'): RequestHandler<{ id: string }> =>
  async (req, res) => {
    const caller = await identify(deps, req);
    const { agencyId, actor } = caller;
    describeRequest(res, { agencyId, locationId: caller.locationId });
    const id = req.params.id.toLowerCase();
    const mutedAt = wish === 'mute' ? deps.now() : null;
    const muted = await withScope(deps.db, caller.scope, async (tx) => {
      if (!UUID.test(id) || !(await muteSubscription(tx, id, mutedAt))) return undefined;
      await audit(tx, {
        agencyId,
        actor,
        origin: 'api',
        action: `notice.${wish}`,
        subject: `notice-subscription:${id}`,
      });
      return (await listSubscriptions(tx, deps.keys)).find((each) => each.id === id);
    });
    if (!muted) throw new ProblemError(404, 'no-such-subscription');
    res.json(view(muted, deps));
  };

/**
 * `POST /v1/reps/:id/mute-notices` and `…/unmute-notices`: whether notices go to a rep as the rep of a lead; what their
 * address has subscribed to itself still comes. 200 `{repId, isMuted}`; 404
 */
export const muteRepByApi =
  (deps: NoticeSubscriptionDeps, wish: 'mute' | 'unmute'): RequestHandler<{ id: string }> =>
  async (req, res) => {
    const caller = await identify(deps, req);
    const { agencyId, actor } = caller;
    describeRequest(res, { agencyId, locationId: caller.locationId });
    const repId = req.params.id.toLowerCase();
    const mutedAt = wish === 'mute' ? deps.now() : null;
    const isKnown = await withScope(deps.db, caller.scope, async (tx) => {
      if (!UUID.test(repId) || !(await updateRep(tx, repId, { notices_muted_at: mutedAt }))) return false;
      await audit(tx, { agencyId, actor, origin: 'api', action: `notice.${wish}`, subject: `rep:${repId}` });
      return true;
    });
    if (!isKnown) throw new ProblemError(404, 'no-such-rep');
    res.json({ repId, isMuted: mutedAt !== null });
  };

const identify = ({ db }: NoticeSubscriptionDeps, req: Pick<Request, 'get'>): Promise<Caller> =>
  authenticateBearer(db, req.get('authorization'));

/** Of what one may hear: another tenant's rep or location is as unknown as one that never was. @throws ProblemError 404 */
async function requirePlace(
  tx: Transaction<Database>,
  caller: Caller,
  place: { locationId?: string | undefined; repId?: string | undefined },
): Promise<{ locationId: string | null; repId: string | null }> {
  if (place.repId !== undefined) {
    const rep = await findRep(tx, place.repId.toLowerCase());
    if (!rep) throw new ProblemError(404, 'no-such-rep');
    return { locationId: rep.location_id, repId: rep.id };
  }
  const locationId = place.locationId ?? caller.locationId;
  return { locationId: locationId === null ? null : (await requireLocation(tx, locationId)).id, repId: null };
}

const view = (subscription: HeardSubscription, { sendsMail }: NoticeSubscriptionDeps) => {
  const { id, locationId, repId, topics, channel, recipient, address, endpointId, isMuted } = subscription;
  const to = address === null ? (endpointId ?? recipient) : maskAddress(address);
  return { id, locationId, repId, topics, channel, to, isMuted, isChannelOn: channel !== 'email' || sendsMail };
};
