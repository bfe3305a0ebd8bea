import type { Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { KeyProvider } from '../crypto/key-ring.ts';
import { createWebhookSecret } from '../crypto/webhook-secret.ts';
import { ENDPOINTS_PER_AGENCY, overlapEnd } from '../domain/webhook-endpoint.ts';
import { audit } from './audit-log.ts';
import { resolveDeadLetters } from './dead-letters.ts';
import { replaceTopics, subscribe, unsubscribe } from './notice-subscriptions.ts';
import { getNoticeId, recordNotice } from './notices.ts';
import type { Database } from './schema.ts';
import { disableEndpoint, enableEndpoint, suppressWaiting } from './webhook-endpoint-health.ts';
import {
  findEndpoint,
  insertEndpoint,
  listEndpoints,
  lockEndpoints,
  replaceSecret,
  updateEndpoint,
} from './webhook-endpoints.ts';
import { redeliverWebhooks } from './webhook-deliveries.ts';

/** Who acts on an agency's endpoints, from where and when. The scope must be the agency's. */
export interface EndpointAct {
  agencyId: string;
  actor: string;
  origin: 'api' | 'cli';
  now: Date;
}

export interface EndpointWish {
  /** As `readWebhookUrl` gave it back. */
  url: string;
  description: string;
  locationId: string | null;
  topics: readonly string[];
}

const subjectOf = (id: string): string => `webhook-endpoint:${id}`;
const note = (tx: Transaction<Database>, act: EndpointAct, id: string, what: string, after = {}): Promise<void> => {
  const { agencyId, actor, origin } = act;
  return audit(tx, { agencyId, actor, origin, action: `webhook-endpoint.${what}`, subject: subjectOf(id), after });
};

/**
 * Adds an endpoint, enabled.
 * @returns its secret, which is shown now and never again; undefined when the agency has all that it may have
 */
export async function createEndpoint(
  tx: Transaction<Database>,
  keys: KeyProvider,
  act: EndpointAct,
  { url, description, locationId, topics }: EndpointWish,
): Promise<{ id: string; secret: string } | undefined> {
  const { agencyId, actor: madeBy, now } = act;
  await lockEndpoints(tx, agencyId);
  if ((await listEndpoints(tx)).length >= ENDPOINTS_PER_AGENCY) return undefined;
  const [id, secret] = [uuidv7(), createWebhookSecret()];
  await insertEndpoint(tx, keys, { id, agencyId, url, description, secret, madeBy, now });
  const channel = { channel: 'webhook' as const, recipient: 'endpoint' as const, address: null, endpointId: id };
  await subscribe(tx, keys, { agencyId, locationId, repId: null, topics, ...channel, madeBy });
  // Paths and queries of such URLs can be secrets themselves; the audit log is for ever.
  await note(tx, act, id, 'create', { host: new URL(url).host, locationId, topics: [...topics] });
  return { id, secret };
}

/** What is to be another than it was; what is not named stays. */
export interface EndpointChange {
  id: string;
  /** As `readWebhookUrl` gave it back. */
  url?: string | undefined;
  description?: string | undefined;
  /** At least one. */
  topics?: readonly string[] | undefined;
}

/**
 * Changes where an endpoint is, what it is for, or what it hears of; its secret and its state stay. What waits goes where
 * it is then. Asked again it does nothing twice.
 * @returns `hears-of-nothing`: topics were named, and the subscription that would hold them was taken away
 */
export async function changeEndpoint(
  tx: Transaction<Database>,
  act: EndpointAct,
  { id, url, description, topics }: EndpointChange,
): Promise<'changed' | 'no-such-endpoint' | 'hears-of-nothing'> {
  const endpoint = await findEndpoint(tx, id);
  if (!endpoint) return 'no-such-endpoint';
  const [subscription] = endpoint.subscriptions;
  if (topics && !subscription) return 'hears-of-nothing';
  const isMoved = url !== undefined && url !== endpoint.url;
  const isDescribed = description !== undefined && description !== endpoint.description;
  const isTuned = topics !== undefined && !isSameSet(topics, subscription!.topics);
  if (!isMoved && !isDescribed && !isTuned) return 'changed';
  if (isMoved || isDescribed)
    await updateEndpoint(tx, id, { ...(isMoved && { url }), ...(isDescribed && { description }) });
  if (isTuned) await replaceTopics(tx, { agencyId: act.agencyId, subscriptionId: subscription!.id }, topics);
  await note(tx, act, id, 'change', {
    ...(isMoved && { host: new URL(url).host }),
    ...(isDescribed && { isDescribedAnew: true }),
    ...(isTuned && { topics: [...topics].sort() }),
  });
  return 'changed';
}

const isSameSet = (some: readonly string[], others: readonly string[]): boolean =>
  some.length === others.length && some.every((each) => others.includes(each));

/**
 * Gives an endpoint another secret, which signs from now on; the one before signs beside it for some hours.
 * @param overlapHours 0: the one before signs no more
 * @returns the new secret, which is shown now and never again; undefined when there is no such endpoint
 */
export async function rotateEndpointSecret(
  tx: Transaction<Database>,
  keys: KeyProvider,
  act: EndpointAct,
  of: { id: string; overlapHours: number },
): Promise<{ secret: string; previousUntil: Date | null } | undefined> {
  const secret = createWebhookSecret();
  const previousUntil = overlapEnd(act.now, of.overlapHours);
  if (!(await replaceSecret(tx, keys, { id: of.id, agencyId: act.agencyId }, secret, previousUntil))) return undefined;
  await note(tx, act, of.id, 'rotate-secret', { previousUntil });
  return { secret, previousUntil };
}

/** Enables or disables an endpoint. Asked again it does nothing twice. @returns false when there is no such endpoint */
export async function switchEndpoint(
  tx: Transaction<Database>,
  act: EndpointAct,
  of: { id: string; state: 'enabled' | 'disabled' },
): Promise<boolean> {
  const { id, state } = of;
  if (!(await findEndpoint(tx, id))) return false;
  const isEnabling = state === 'enabled';
  const isChanged = isEnabling ? await enableEndpoint(tx, id) : await disableEndpoint(tx, id, 'operator', act.now);
  if (!isChanged) return true;
  await note(tx, act, id, isEnabling ? 'enable' : 'disable', isEnabling ? {} : { reason: 'operator' });
  if (isEnabling) await settleLetters(tx, act, id, 'enabled');
  return true;
}

/** Removes an endpoint with its secrets; what waits for it is not sent. @returns false when there is no such endpoint */
export async function deleteEndpoint(tx: Transaction<Database>, act: EndpointAct, id: string): Promise<boolean> {
  const endpoint = await findEndpoint(tx, id);
  if (!endpoint) return false;
  for (const subscription of endpoint.subscriptions) await unsubscribe(tx, { agencyId: act.agencyId }, subscription.id);
  await tx.deleteFrom('webhook_endpoints').where('id', '=', id).execute();
  await suppressWaiting(tx, id, 'endpoint-deleted', act.now);
  await note(tx, act, id, 'delete');
  await settleLetters(tx, act, id, 'deleted');
  return true;
}

/**
 * Has a test be sent to the endpoint, by the way of all notices.
 * @returns the id of the notice, or why there is none
 */
export async function testEndpoint(
  tx: Transaction<Database>,
  act: EndpointAct,
  id: string,
): Promise<'no-such-endpoint' | 'endpoint-disabled' | 'hears-of-nothing' | { noticeId: string }> {
  const endpoint = await findEndpoint(tx, id);
  if (!endpoint) return 'no-such-endpoint';
  if (endpoint.state !== 'enabled') return 'endpoint-disabled';
  const [subscription] = endpoint.subscriptions;
  if (!subscription) return 'hears-of-nothing';
  const occurrenceKey = uuidv7();
  const of = { agencyId: act.agencyId, locationId: null, repId: null, leadId: null, occurredAt: act.now };
  const data = { subscriptionId: subscription.id };
  await recordNotice(tx, { ...of, topic: 'notice.test', occurrenceKey, data });
  await note(tx, act, id, 'test');
  return { noticeId: await getNoticeId(tx, { topic: 'notice.test', occurrenceKey }) };
}

/** Sends what was delivered, or not, once more. @returns the deliveries that go again; undefined when there is no such endpoint */
export async function redeliverToEndpoint(
  tx: Transaction<Database>,
  act: EndpointAct,
  of: { id: string; deliveryIds: readonly string[] },
): Promise<string[] | 'endpoint-disabled' | undefined> {
  const endpoint = await findEndpoint(tx, of.id);
  if (!endpoint) return undefined;
  if (endpoint.state !== 'enabled') return 'endpoint-disabled';
  const chosen = { agencyId: act.agencyId, endpointId: of.id, deliveryIds: of.deliveryIds };
  const sent = await redeliverWebhooks(tx, chosen, act.now);
  if (sent.length > 0) {
    await note(tx, act, of.id, 'redeliver', { deliveries: sent.length });
    await settleLetters(tx, act, of.id, 'redelivered');
  }
  return sent;
}

const settleLetters = (tx: Transaction<Database>, { now }: EndpointAct, id: string, how: string): Promise<void> =>
  resolveDeadLetters(tx, { subjectId: id, causePrefix: 'webhook-endpoint:' }, how, now);
