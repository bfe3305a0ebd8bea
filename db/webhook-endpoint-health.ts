import { sql, type Transaction } from 'kysely';
import type { DisabledReason } from '../domain/webhook-endpoint.ts';
import type { Database } from './schema.ts';

/** So exact is the time of the last success: not every message is to write to the row that all of its endpoint share. */
const EXACT_MS = 60_000;

/** An endpoint has taken something: whatever failed before is over. */
export async function noteEndpointSuccess(tx: Transaction<Database>, id: string, now: Date): Promise<void> {
  await tx
    .updateTable('webhook_endpoints')
    .set({ failing_since: null, quiet_until: null, succeeded_at: now })
    .where('id', '=', id)
    .where((where) =>
      where.or([
        where('failing_since', 'is not', null),
        where('quiet_until', 'is not', null),
        where('succeeded_at', 'is', null),
        where('succeeded_at', '<', new Date(now.getTime() - EXACT_MS)),
      ]),
    )
    .execute();
}

/**
 * An endpoint has not taken something.
 * @param of.url where it was sent: what was there before says nothing of where the endpoint is now
 * @param of.quietUntil until when the receiver wants to be left alone; null when it has said nothing
 * @returns since when it has failed without a success; null when it is elsewhere now, or deleted
 */
export async function noteEndpointFailure(
  tx: Transaction<Database>,
  id: string,
  of: { url: string; now: Date; quietUntil: Date | null },
): Promise<Date | null> {
  const noted = await tx
    .updateTable('webhook_endpoints')
    .set({
      failing_since: sql<Date>`coalesce(failing_since, ${of.now})`,
      quiet_until: sql<Date | null>`greatest(quiet_until, ${of.quietUntil}::timestamptz)`,
    })
    .where('id', '=', id)
    .where('url', '=', of.url)
    .returning('failing_since')
    .executeTakeFirst();
  return noted?.failing_since ?? null;
}

/**
 * Disables an endpoint, and ends what waits for it as suppressed.
 * @returns false when it was disabled before, or is none of the scope
 */
export async function disableEndpoint(
  tx: Transaction<Database>,
  id: string,
  reason: DisabledReason,
  now: Date,
): Promise<boolean> {
  const result = await tx
    .updateTable('webhook_endpoints')
    .set({ state: 'disabled', disabled_reason: reason, disabled_at: now })
    .where('id', '=', id)
    .where('state', '=', 'enabled')
    .executeTakeFirst();
  if (result.numUpdatedRows === 0n) return false;
  await suppressWaiting(tx, id, 'endpoint-disabled', now);
  return true;
}

/** Enables an endpoint; its failures are forgotten, what was suppressed stays so. @returns false when it was not disabled */
export async function enableEndpoint(tx: Transaction<Database>, id: string): Promise<boolean> {
  const result = await tx
    .updateTable('webhook_endpoints')
    .set({ state: 'enabled', disabled_reason: null, disabled_at: null, failing_since: null, quiet_until: null })
    .where('id', '=', id)
    .where('state', '=', 'disabled')
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Ends what waits for an endpoint; a workflow that wakes up for one of them finds it ended. */
export async function suppressWaiting(
  tx: Transaction<Database>,
  endpointId: string,
  reason: 'endpoint-disabled' | 'endpoint-deleted',
  now: Date,
): Promise<void> {
  await tx
    .updateTable('notice_deliveries')
    .set({ state: 'suppressed', reason, ended_at: now })
    .where('recipient', '=', `endpoint:${endpointId}`)
    .where('ended_at', 'is', null)
    .execute();
}
