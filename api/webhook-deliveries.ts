import type { RequestHandler } from 'express';
import { z } from 'zod';
import { listWebhookDeliveries } from '../db/webhook-deliveries.ts';
import { redeliverToEndpoint } from '../db/webhook-endpoint-acts.ts';
import { findEndpoint } from '../db/webhook-endpoints.ts';
import { DELIVERY_STATES } from '../domain/notice.ts';
import { REDELIVERIES_AT_ONCE } from '../domain/webhook-endpoint-schema.ts';
import { readBody, readQuery } from './input.ts';
import { ProblemError } from './problem.ts';
import {
  authenticateEndpoints,
  noSuchEndpoint,
  readEndpointId,
  type WebhookEndpointDeps,
} from './webhook-endpoints.ts';

const uuid = z.uuid().toLowerCase();
const listSchema = z.strictObject({
  state: z.enum(DELIVERY_STATES).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: uuid.optional(),
});
const redeliverSchema = z.strictObject({ deliveryIds: z.array(uuid).min(1).max(REDELIVERIES_AT_ONCE) });

/** `GET /v1/webhook-endpoints/:id/deliveries`: newest first, or those in one `state`; `nextCursor` is null on the last page. */
export const listWebhookDeliveriesByApi =
  (deps: WebhookEndpointDeps): RequestHandler =>
  async (req, res) => {
    const { within } = await authenticateEndpoints(deps, req, res);
    const id = readEndpointId(req.params['id']);
    const { limit, cursor, state } = readQuery(req, listSchema);
    const found = await within(async (tx) => {
      if (!(await findEndpoint(tx, id))) throw noSuchEndpoint();
      // One more than asked for tells whether there is a next page.
      return listWebhookDeliveries(tx, id, { state }, { before: cursor, limit: limit + 1 });
    });
    const deliveries = found.slice(0, limit);
    const nextCursor = found.length > limit ? (deliveries.at(-1)?.id ?? null) : null;
    res.set('Cache-Control', 'no-store').json({ deliveries, nextCursor });
  };

/**
 * `POST /v1/webhook-endpoints/:id/deliveries/redeliver` `{deliveryIds}`: sends what has ended once more, with the same id.
 * 202 with those that go again; what is unknown or still waits is not among them. 409 for an endpoint that is disabled.
 */
export const redeliverByApi =
  (deps: WebhookEndpointDeps): RequestHandler =>
  async (req, res) => {
    const { act, within } = await authenticateEndpoints(deps, req, res);
    const id = readEndpointId(req.params['id']);
    const { deliveryIds } = readBody(req, redeliverSchema);
    const sent = await within((tx) => redeliverToEndpoint(tx, act, { id, deliveryIds }));
    if (sent === undefined) throw noSuchEndpoint();
    if (sent === 'endpoint-disabled') throw new ProblemError(409, sent);
    deps.relay.wake();
    res.status(202).json({ deliveryIds: sent });
  };
