import { sql, type Transaction } from 'kysely';
import { type AttemptDecision, hasFailedForGood } from '../domain/webhook-attempt.ts';
import type { DisabledReason } from '../domain/webhook-endpoint.ts';
import { audit } from './audit-log.ts';
import { addDeadLetter } from './dead-letters.ts';
import { endDeliveries, putDeliveriesBack } from './notice-deliveries.ts';
import type { Database } from './schema.ts';
import { disableEndpoint, noteEndpointFailure, noteEndpointSuccess } from './webhook-endpoint-health.ts';

/** Longer than an attempt can take: who has begun one and noted no result by then has died. */
const ATTEMPT_MS = 60_000;

/**
 * Begins an attempt: commit this before anything leaves. One whose result nobody noted is tried again, with the same id.
 * @param of.callId names the asker over all its attempts: of one that it began itself and noted nothing of, it knows that it is
 *   over. Having waited for a slot or for quiet begins none
 * @returns how many attempts were begun, this one included; undefined when the delivery has ended, or somebody else is at it
 */
export async function beginWebhookAttempt(
  tx: Transaction<Database>,
  id: string,
  of: { now: Date; callId: string },
): Promise<number | undefined> {
  const { now, callId } = of;
  const isLost = new Date(now.getTime() - ATTEMPT_MS);
  const begun = await tx
    .updateTable('notice_deliveries')
    .set({ state: 'sending', attempts: sql<number>`attempts + 1`, tried_at: now, tried_by: callId })
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .where((where) =>
      where.or([where('state', '=', 'pending'), where('tried_by', '=', callId), where('tried_at', '<=', isLost)]),
    )
    .returning('attempts')
    .executeTakeFirst();
  return begun?.attempts;
}

/** Ends a delivery that is not to go. Repeating it changes nothing. */
export async function suppressWebhook(
  tx: Transaction<Database>,
  id: string,
  reason: 'endpoint-disabled' | 'endpoint-deleted',
  now: Date,
): Promise<void> {
  await endDeliveries(tx, [id], { state: 'suppressed', reason, now });
}

interface Attempted {
  agencyId: string;
  delivery: { id: string; endpointId: string };
  /** Where it was sent, as the endpoint had it then. */
  url: string;
}

/**
 * Writes down what came of an attempt, for the delivery and for its endpoint: one that has failed for days, or wants no
 * more, is disabled, and an operator hears of it.
 * @returns `elsewhere`: it was not taken where the endpoint is no more, which says nothing; it is to be tried again
 */
export async function settleWebhookAttempt(
  tx: Transaction<Database>,
  attempted: Attempted,
  decision: AttemptDecision,
  now: Date,
): Promise<'settled' | 'elsewhere'> {
  const { id, endpointId } = attempted.delivery;
  const { reason } = decision;
  if (decision.next === 'delivered') {
    await endDeliveries(tx, [id], { state: 'sent', reason, now });
    await noteEndpointSuccess(tx, endpointId, now);
    return 'settled';
  }
  const quietMs = decision.next === 'retry' ? decision.quietMs : 0;
  const quietUntil = quietMs === 0 ? null : new Date(now.getTime() + quietMs);
  const failingSince = await noteEndpointFailure(tx, endpointId, { url: attempted.url, now, quietUntil });
  if (failingSince === null) return (await putDeliveriesBack(tx, [id], reason)) === 1 ? 'elsewhere' : 'settled';
  if (decision.next === 'retry') await putDeliveriesBack(tx, [id], reason);
  const ended = decision.next === 'retry' ? 0 : await endDeliveries(tx, [id], { state: 'refused', reason, now });
  // Not of what was put away meanwhile: its endpoint was disabled by somebody who knows it.
  if (decision.next === 'give-up' && ended === 1) await leaveLetter(tx, attempted, 'undelivered');
  if (decision.next === 'disable') await giveUpEndpoint(tx, attempted, 'gone', now);
  else if (hasFailedForGood(failingSince, now)) await giveUpEndpoint(tx, attempted, 'failing', now);
  return 'settled';
}

async function giveUpEndpoint(
  tx: Transaction<Database>,
  attempted: Attempted,
  reason: Exclude<DisabledReason, 'operator'>,
  now: Date,
): Promise<void> {
  const { agencyId, delivery } = attempted;
  if (!(await disableEndpoint(tx, delivery.endpointId, reason, now))) return;
  const subject = `webhook-endpoint:${delivery.endpointId}`;
  const after = { reason };
  await audit(tx, {
    agencyId,
    actor: 'system',
    action: 'webhook-endpoint.disable',
    subject,
    after,
    origin: 'workflow',
  });
  await leaveLetter(tx, attempted, reason);
}

const ADVICE = {
  undelivered: 'An endpoint did not take a webhook in ten attempts. Mend it, then webhooks deliveries and redeliver.',
  failing: 'An endpoint is disabled: it has failed for days without a success. Mend it, then webhooks enable.',
  gone: 'An endpoint is disabled: it has answered 410, which says that it wants no more. Delete or enable it.',
};

/** One letter for an endpoint, however much did not reach it. */
async function leaveLetter(tx: Transaction<Database>, of: Attempted, cause: keyof typeof ADVICE): Promise<void> {
  await addDeadLetter(tx, {
    agencyId: of.agencyId,
    locationId: null,
    capability: 'notification',
    cause: `webhook-endpoint:${cause}`,
    advice: ADVICE[cause],
    subject: { kind: 'webhook-endpoint', id: of.delivery.endpointId },
    workflowId: null,
  });
}
