import type { Request, RequestHandler, Response } from 'express';
import type { Kysely, Transaction } from 'kysely';
import { z } from 'zod';
import type { KeyProvider } from '../crypto/key-ring.ts';
import { findLocation } from '../db/locations.ts';
import type { Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import {
  changeEndpoint,
  createEndpoint,
  deleteEndpoint,
  type EndpointAct,
  rotateEndpointSecret,
  switchEndpoint,
  testEndpoint,
} from '../db/webhook-endpoint-acts.ts';
import { findEndpoint, listEndpoints, type WebhookEndpoint } from '../db/webhook-endpoints.ts';
import { ENDPOINTS_PER_AGENCY } from '../domain/webhook-endpoint.ts';
import {
  endpointChange,
  endpointDescription,
  endpointTopics,
  overlapHours,
} from '../domain/webhook-endpoint-schema.ts';
import { type OutboundRules, readWebhookUrl, URL_REFUSALS } from '../domain/webhook-url.ts';
import { authenticateAgency } from './authentication.ts';
import { readBody } from './input.ts';
import { ProblemError } from './problem.ts';
import { describeRequest } from './request-log.ts';

export interface WebhookEndpointDeps {
  db: Kysely<Database>;
  keys: KeyProvider;
  outboundRules: OutboundRules;
  /** Takes what is to be sent to Temporal. */
  relay: { wake(): void };
  now: () => Date;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const createSchema = z.strictObject({
  url: z.string(),
  description: endpointDescription,
  locationId: z.uuid().toLowerCase().nullable().default(null),
  topics: endpointTopics,
});
const changeSchema = z
  .strictObject(endpointChange)
  .refine((change) => Object.keys(change).length > 0, 'name what is to be changed');
const rotateSchema = z.strictObject({ overlapHours });

/**
 * Who acts on the agency's endpoints: its key. An endpoint hears of all that is below its location, which is more than a
 * location's key may see. @throws ProblemError 401; 403 for a location's key
 */
export async function authenticateEndpoints(
  { db, now }: Pick<WebhookEndpointDeps, 'db' | 'now'>,
  req: Pick<Request, 'get'>,
  res: Response,
): Promise<{ act: EndpointAct; within: <T>(work: (tx: Transaction<Database>) => Promise<T>) => Promise<T> }> {
  const { agencyId, actor } = await authenticateAgency(db, req.get('authorization'));
  describeRequest(res, { agencyId });
  return {
    act: { agencyId, actor, origin: 'api', now: now() },
    within: (work) => withScope(db, { agencyId }, work),
  };
}

/** The id of a URL. @throws ProblemError 404 when it is none */
export function readEndpointId(id: unknown): string {
  if (typeof id !== 'string' || !UUID.test(id)) throw noSuchEndpoint();
  return id.toLowerCase();
}

export const noSuchEndpoint = (): ProblemError => new ProblemError(404, 'no-such-webhook-endpoint');

async function requireEndpoint(tx: Transaction<Database>, id: string): Promise<WebhookEndpoint> {
  const endpoint = await findEndpoint(tx, id);
  if (!endpoint) throw noSuchEndpoint();
  return endpoint;
}

/**
 * `POST /v1/webhook-endpoints` `{url, description?, locationId?, topics?}`: adds one, for all of the agency or for a location
 * with all below it. 201 with its secret, which is shown once; 422 for a URL that is not allowed; 409 when there are too many.
 */
export const createEndpointByApi =
  (deps: WebhookEndpointDeps): RequestHandler =>
  async (req, res) => {
    const { act, within } = await authenticateEndpoints(deps, req, res);
    const { url: given, ...wish } = readBody(req, createSchema);
    const url = readUrl(given, deps.outboundRules);
    const made = await within(async (tx) => {
      if (wish.locationId !== null && !(await findLocation(tx, wish.locationId)))
        throw new ProblemError(422, 'unknown-location', { issues: [{ path: 'locationId', message: 'is not known' }] });
      const { id, secret } = (await createEndpoint(tx, deps.keys, act, { ...wish, url })) ?? tooMany();
      return { ...(await requireEndpoint(tx, id)), secret };
    });
    res.status(201).set('Cache-Control', 'no-store').location(`/v1/webhook-endpoints/${made.id}`).json(made);
  };

/** @throws ProblemError 422 for a URL that nothing is sent to */
function readUrl(given: string, rules: OutboundRules): string {
  const read = readWebhookUrl(given, rules);
  if (read.isAllowed) return read.url;
  throw new ProblemError(422, `url-${read.reason}`, { issues: [{ path: 'url', message: URL_REFUSALS[read.reason] }] });
}

function tooMany(): never {
  const detail = `An agency has ${ENDPOINTS_PER_AGENCY} at most: delete one that is not used.`;
  throw new ProblemError(409, 'too-many-webhook-endpoints', { detail });
}

/** `GET /v1/webhook-endpoints`: all of the agency's, without secrets. */
export const listEndpointsByApi =
  (deps: WebhookEndpointDeps): RequestHandler =>
  async (req, res) => {
    const { within } = await authenticateEndpoints(deps, req, res);
    res.json({ webhookEndpoints: await within(listEndpoints) });
  };

/** `GET /v1/webhook-endpoints/:id`. */
export const getEndpointByApi =
  (deps: WebhookEndpointDeps): RequestHandler =>
  async (req, res) => {
    const { within } = await authenticateEndpoints(deps, req, res);
    const id = readEndpointId(req.params['id']);
    res.json(await within((tx) => requireEndpoint(tx, id)));
  };

/**
 * `PATCH /v1/webhook-endpoints/:id` `{url?, description?, topics?}`: what is not named stays. 200 with the endpoint as it is
 * then; 422 for a URL that is not allowed; 409 for topics when its subscription was taken away.
 */
export const changeEndpointByApi =
  (deps: WebhookEndpointDeps): RequestHandler =>
  async (req, res) => {
    const { act, within } = await authenticateEndpoints(deps, req, res);
    const id = readEndpointId(req.params['id']);
    const { url: given, ...change } = readBody(req, changeSchema);
    const url = given === undefined ? undefined : readUrl(given, deps.outboundRules);
    const endpoint = await within(async (tx) => {
      const outcome = await changeEndpoint(tx, act, { id, url, ...change });
      if (outcome === 'no-such-endpoint') throw noSuchEndpoint();
      if (outcome === 'hears-of-nothing') throw new ProblemError(409, outcome);
      return requireEndpoint(tx, id);
    });
    res.json(endpoint);
  };

/** `DELETE /v1/webhook-endpoints/:id`: with its secrets; what waits for it is not sent. 204 */
export const deleteEndpointByApi =
  (deps: WebhookEndpointDeps): RequestHandler =>
  async (req, res) => {
    const { act, within } = await authenticateEndpoints(deps, req, res);
    const id = readEndpointId(req.params['id']);
    if (!(await within((tx) => deleteEndpoint(tx, act, id)))) throw noSuchEndpoint();
    res.status(204).end();
  };

/**
 * `POST /v1/webhook-endpoints/:id/rotate-secret` `{overlapHours?}`: 200 with the new secret, which is shown once. The one
 * before signs beside it until `previousSecretUntil`.
 */
export const rotateEndpointSecretByApi =
  (deps: WebhookEndpointDeps): RequestHandler =>
  async (req, res) => {
    const { act, within } = await authenticateEndpoints(deps, req, res);
    const id = readEndpointId(req.params['id']);
    const of = { id, ...readBody(req, rotateSchema) };
    const rotated = await within((tx) => rotateEndpointSecret(tx, deps.keys, act, of));
    if (!rotated) throw noSuchEndpoint();
    const { secret, previousUntil: previousSecretUntil } = rotated;
    res.set('Cache-Control', 'no-store').json({ id, secret, previousSecretUntil });
  };

/** `POST /v1/webhook-endpoints/:id/enable` and `…/disable`: 200 with the endpoint as it is then. */
export const switchEndpointByApi =
  (deps: WebhookEndpointDeps, state: 'enabled' | 'disabled'): RequestHandler =>
  async (req, res) => {
    const { act, within } = await authenticateEndpoints(deps, req, res);
    const id = readEndpointId(req.params['id']);
    const endpoint = await within(async (tx) => {
      if (!(await switchEndpoint(tx, act, { id, state }))) throw noSuchEndpoint();
      return requireEndpoint(tx, id);
    });
    res.json(endpoint);
  };

/** `POST /v1/webhook-endpoints/:id/test`: sends a notice of the topic `notice.test`. 202; 409 for one that is disabled. */
export const testEndpointByApi =
  (deps: WebhookEndpointDeps): RequestHandler =>
  async (req, res) => {
    const { act, within } = await authenticateEndpoints(deps, req, res);
    const id = readEndpointId(req.params['id']);
    const tested = await within((tx) => testEndpoint(tx, act, id));
    if (tested === 'no-such-endpoint') throw noSuchEndpoint();
    if (typeof tested === 'string') throw new ProblemError(409, tested);
    deps.relay.wake();
    res.status(202).json({ id, ...tested });
  };
