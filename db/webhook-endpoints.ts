import { sql, type Transaction } from 'kysely';
import type { KeyProvider } from '../crypto/key-ring.ts';
import { seal, type SealedFor, unseal } from '../crypto/seal.ts';
import type { DisabledReason, EndpointState } from '../domain/webhook-endpoint.ts';
import type { Database } from './schema.ts';

/** By what an endpoint hears of notices. */
export interface EndpointSubscription {
  id: string;
  /** With all below it; null: all of the agency. */
  locationId: string | null;
  topics: string[];
}

/** All of an endpoint but its secrets. */
export interface WebhookEndpoint {
  id: string;
  url: string;
  description: string;
  state: EndpointState;
  disabledReason: DisabledReason | null;
  disabledAt: Date | null;
  /** The first failure since the last success. */
  failingSince: Date | null;
  succeededAt: Date | null;
  /** The receiver has asked for quiet until then. */
  quietUntil: Date | null;
  previousSecretUntil: Date | null;
  createdAt: Date;
  subscriptions: EndpointSubscription[];
}

/** An endpoint as who sends to it needs it. */
export interface EndpointToSend {
  id: string;
  url: string;
  state: EndpointState;
  failingSince: Date | null;
  quietUntil: Date | null;
  /** Those that sign now, the newest first. */
  secrets: [string, ...string[]];
}

const sealedFor = (agencyId: string, column: 'secret' | 'previous-secret'): SealedFor => ({
  agencyId,
  locationId: null,
  purpose: `webhook-${column}`,
});

const shownColumns = [
  'id',
  'url',
  'description',
  'state',
  'disabled_reason as disabledReason',
  'disabled_at as disabledAt',
  'failing_since as failingSince',
  'succeeded_at as succeededAt',
  'quiet_until as quietUntil',
  'previous_secret_until as previousSecretUntil',
  'created_at as createdAt',
] as const;

/** Has whoever adds to an agency's endpoints wait for each other, so that they count right. */
export async function lockEndpoints(tx: Transaction<Database>, agencyId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('webhook endpoints ' || ${agencyId}, 0))`.execute(tx);
}

/** Stores an endpoint; its secret is sealed. */
export async function insertEndpoint(
  tx: Transaction<Database>,
  keys: KeyProvider,
  endpoint: {
    id: string;
    agencyId: string;
    url: string;
    description: string;
    secret: string;
    madeBy: string;
    now: Date;
  },
): Promise<void> {
  const { id, agencyId, url, description, secret, madeBy, now } = endpoint;
  await tx
    .insertInto('webhook_endpoints')
    .values({
      id,
      agency_id: agencyId,
      url,
      description,
      secret: seal(keys, Buffer.from(secret), sealedFor(agencyId, 'secret')),
      made_by: madeBy,
      created_at: now,
    })
    .execute();
}

/** The endpoints of the agency, in the order in which they were made. */
export async function listEndpoints(tx: Transaction<Database>): Promise<WebhookEndpoint[]> {
  const endpoints = await tx.selectFrom('webhook_endpoints').select(shownColumns).orderBy('id').execute();
  const heard = await tx
    .selectFrom('notice_subscriptions')
    .select(['id', 'location_id as locationId', 'topics', 'endpoint_id as endpointId'])
    .where('endpoint_id', 'is not', null)
    .orderBy('id')
    .execute();
  return endpoints.map((endpoint) => ({
    ...endpoint,
    subscriptions: heard
      .filter(({ endpointId }) => endpointId === endpoint.id)
      .map(({ id, locationId, topics }) => ({ id, locationId, topics })),
  }));
}

/** An endpoint of the agency. */
export async function findEndpoint(tx: Transaction<Database>, id: string): Promise<WebhookEndpoint | undefined> {
  return (await listEndpoints(tx)).find((endpoint) => endpoint.id === id);
}

/** An endpoint with its secrets in plain. @throws UnsealError, UnknownKeyVersionError */
export async function findEndpointToSend(
  tx: Transaction<Database>,
  keys: KeyProvider,
  id: string,
  now: Date,
): Promise<EndpointToSend | undefined> {
  const row = await tx.selectFrom('webhook_endpoints').selectAll().where('id', '=', id).executeTakeFirst();
  if (!row) return undefined;
  const open = (sealed: Buffer, column: 'secret' | 'previous-secret'): string =>
    unseal(keys, sealed, sealedFor(row.agency_id, column)).toString();
  const isOverlap = row.previous_secret !== null && row.previous_secret_until! > now;
  return {
    id,
    url: row.url,
    state: row.state,
    failingSince: row.failing_since,
    quietUntil: row.quiet_until,
    secrets: [open(row.secret, 'secret'), ...(isOverlap ? [open(row.previous_secret!, 'previous-secret')] : [])],
  };
}

/**
 * Gives an endpoint another secret. The one before signs on until then, and one that was there before that goes at once.
 * @param until null: the one before goes at once as well
 * @returns false when there is no such endpoint
 */
export async function replaceSecret(
  tx: Transaction<Database>,
  keys: KeyProvider,
  of: { id: string; agencyId: string },
  secret: string,
  until: Date | null,
): Promise<boolean> {
  const { id, agencyId } = of;
  const found = await tx
    .selectFrom('webhook_endpoints')
    .select('secret')
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  if (!found) return false;
  const before = unseal(keys, found.secret, sealedFor(agencyId, 'secret'));
  await tx
    .updateTable('webhook_endpoints')
    .set({
      secret: seal(keys, Buffer.from(secret), sealedFor(agencyId, 'secret')),
      previous_secret: until && seal(keys, before, sealedFor(agencyId, 'previous-secret')),
      previous_secret_until: until,
    })
    .where('id', '=', id)
    .execute();
  return true;
}

/** Changes what stands of an endpoint itself. Where it is elsewhere from now on, what failed before says nothing any more. */
export async function updateEndpoint(
  tx: Transaction<Database>,
  id: string,
  change: { url?: string; description?: string },
): Promise<void> {
  const { url, description } = change;
  await tx
    .updateTable('webhook_endpoints')
    .set({
      ...(url !== undefined && { url, failing_since: null, quiet_until: null }),
      ...(description !== undefined && { description }),
    })
    .where('id', '=', id)
    .execute();
}

/** How endpoints stand, as figures tell it. */
export const ENDPOINT_FIGURES = ['enabled', 'disabled-operator', 'disabled-failing', 'disabled-gone'] as const;

/** How many endpoints of all agencies are in each state. Needs the upkeep role. */
export async function countEndpoints(
  tx: Transaction<Database>,
): Promise<Record<(typeof ENDPOINT_FIGURES)[number], number>> {
  const found = await tx
    .selectFrom('webhook_endpoints')
    .select(['state', 'disabled_reason as reason', sql<number>`count(*)::int`.as('endpoints')])
    .groupBy(['state', 'disabled_reason'])
    .execute();
  const counts = Object.fromEntries(
    found.map(({ state, reason, endpoints }) => [reason === null ? state : `${state}-${reason}`, endpoints]),
  );
  return { enabled: 0, 'disabled-operator': 0, 'disabled-failing': 0, 'disabled-gone': 0, ...counts };
}
