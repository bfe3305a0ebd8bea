import { ApplicationFailure, Context } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import { findNotice } from '../db/notices.ts';
import { withScope } from '../db/scope.ts';
import { beginWebhookAttempt, settleWebhookAttempt, suppressWebhook } from '../db/webhook-attempts.ts';
import { findWebhookDelivery } from '../db/webhook-deliveries.ts';
import { type EndpointToSend, findEndpointToSend } from '../db/webhook-endpoints.ts';
import { type Answer, type AttemptClass, judgeAttempt, RETRY_DELAYS_MS } from '../domain/webhook-attempt.ts';
import { webhookBody } from '../domain/webhook-endpoint.ts';
import { type OutboundRules, readWebhookUrl } from '../domain/webhook-url.ts';
import type { WebhookSender } from '../outbound/webhook-post.ts';
import { currentCallId } from './activity-call.ts';
import type { StoreDeps } from './dependencies.ts';
import type { NoticeObserver } from './notice-email.ts';
import { createSendingSlots } from './sending-slots.ts';
import { mapStoreFailures } from './store-failure.ts';

export interface WebhookDeps extends StoreDeps {
  webhooks: WebhookSender;
  outboundRules: OutboundRules;
  /** Hears how each attempt went. */
  onWebhookAttempt?: (result: AttemptClass) => void;
  noticeObserver?: NoticeObserver;
  /** What stands between the attempts, where that is not as usual. */
  webhookRetryDelaysMs?: readonly number[];
}

interface WebhookArgs {
  agencyId: string;
  deliveryId: string;
}

/** Of the forty that a process sends at once. */
const AT_ONCE_PER_ENDPOINT = 4;
const AT_ONCE_PER_AGENCY = 16;
const SLOT_LOOK_MS = 2_000;
const QUIET_JITTER = 0.2;
/** After it an attempt of another workflow is over. */
const OTHER_LOOK_MS = 60_000;

/** The step that sends a notice to an endpoint. */
export function createNoticeWebhookActivities(deps: WebhookDeps) {
  const { db, keys, now, webhooks, outboundRules } = deps;
  const ofEndpoints = createSendingSlots(AT_ONCE_PER_ENDPOINT);
  const ofAgencies = createSendingSlots(AT_ONCE_PER_AGENCY);

  /**
   * Sends a notice to its endpoint once, and says when the next attempt is due. Repeatable: what has ended is not sent; where
   * the result of an attempt is unknown it is sent again with the same id, by which receivers know it.
   */
  async function sendNoticeWebhook({ agencyId, deliveryId }: WebhookArgs): Promise<void> {
    const scope = { agencyId };
    const { delivery, notice, endpoint } = await withScope(db, scope, async (tx) => {
      const delivery = await findWebhookDelivery(tx, deliveryId);
      const notice = delivery && (await findNotice(tx, delivery.noticeId));
      if (!notice) throw ApplicationFailure.nonRetryable('no such delivery', 'DeliveryUnknown');
      return { delivery, notice, endpoint: await findEndpointToSend(tx, keys, delivery.endpointId, now()) };
    });
    if (delivery.endedAt !== null) return;
    if (endpoint?.state !== 'enabled') {
      const reason = endpoint ? ('endpoint-disabled' as const) : ('endpoint-deleted' as const);
      await withScope(db, scope, (tx) => suppressWebhook(tx, deliveryId, reason, now()));
      deps.noticeObserver?.ended('webhook', 'suppressed', 1);
      return;
    }
    requireQuietOver(endpoint, now());
    const leave = enter(agencyId, endpoint.id);
    try {
      const begin = { now: now(), callId: currentCallId() };
      const attempts = await withScope(db, scope, (tx) => beginWebhookAttempt(tx, deliveryId, begin));
      if (attempts === undefined) throw waitFailure('DeliveryInFlight', OTHER_LOOK_MS);
      const answer = await post(endpoint, { id: deliveryId, body: webhookBody(notice) });
      const of = { attempts, now: now(), random: Math.random() };
      const decision = judgeAttempt(answer, of, deps.webhookRetryDelaysMs ?? RETRY_DELAYS_MS);
      deps.onWebhookAttempt?.(decision.class);
      const attempted = { agencyId, delivery, url: endpoint.url };
      const settled = await withScope(db, scope, (tx) => settleWebhookAttempt(tx, attempted, decision, now()));
      if (settled === 'elsewhere') throw waitFailure('EndpointMoved', SLOT_LOOK_MS);
      // Of an endpoint that was disabled by it, the next attempt finds nothing left to do.
      if (decision.next === 'retry') throw waitFailure(decision.reason, decision.delayMs);
      deps.noticeObserver?.ended('webhook', decision.next === 'delivered' ? 'sent' : 'refused', 1);
    } finally {
      leave();
    }
  }

  /** @returns what gives both places back @throws ApplicationFailure with the time to wait, where one has all it may have */
  function enter(agencyId: string, endpointId: string): () => void {
    const leaveEndpoint = ofEndpoints.enter(endpointId);
    if (!leaveEndpoint) throw waitFailure('EndpointBusy', SLOT_LOOK_MS);
    const leaveAgency = ofAgencies.enter(agencyId);
    if (!leaveAgency) leaveEndpoint();
    if (!leaveAgency) throw waitFailure('AgencyBusy', SLOT_LOOK_MS);
    return () => {
      leaveAgency();
      leaveEndpoint();
    };
  }

  async function post(endpoint: EndpointToSend, message: { id: string; body: string }): Promise<Answer> {
    // The settings may be others than when it was stored.
    const read = readWebhookUrl(endpoint.url, outboundRules);
    if (!read.isAllowed) return { failure: 'url-refused' };
    const signal = Context.current().cancellationSignal;
    return webhooks.post({ url: read.url, message: { ...message, at: now(), secrets: endpoint.secrets }, signal });
  }

  return mapStoreFailures({ sendNoticeWebhook });
}

export type NoticeWebhookActivities = ReturnType<typeof createNoticeWebhookActivities>;

/** @throws ApplicationFailure with the time to wait, where the endpoint wants quiet */
function requireQuietOver({ quietUntil }: EndpointToSend, now: Date): void {
  const quietMs = quietUntil === null ? 0 : quietUntil.getTime() - now.getTime();
  // What waited together does not come back together.
  if (quietMs > 0) throw waitFailure('EndpointQuiet', Math.round(quietMs * (1 + QUIET_JITTER * Math.random())));
}

/** What a third party does is waited for, and nothing has failed here. */
const waitFailure = (type: string, nextRetryDelay: number): ApplicationFailure =>
  ApplicationFailure.create({
    type,
    message: `the webhook is sent later: ${type}`,
    nextRetryDelay,
    category: ApplicationFailureCategory.BENIGN,
  });
