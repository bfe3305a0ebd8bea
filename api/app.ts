import type { KeyObject } from 'node:crypto';
import type { PayloadCodec } from '@temporalio/common';
import express, { type Express } from 'express';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { KeyProvider } from '../crypto/key-ring.ts';
import type { Database } from '../db/schema.ts';
import type { GhlDoor } from '../domain/authorize-url.ts';
import type { BackfillDeps } from './backfill-access.ts';
import { createBackfillByApi } from './backfills-create.ts';
import { getBackfillByApi } from './backfills-get.ts';
import { listBackfillsByApi } from './backfills-list.ts';
import { wishBackfillByApi } from './backfills-wish.ts';
import { decodePayloads, encodePayloads, readCodecBody } from './codec.ts';
import { listPoliciesByApi, setPolicyByApi } from './conflict-policies.ts';
import { createConnectLinkByApi } from './connect-links-create.ts';
import { listConflictsByApi, resolveConflictByApi } from './contact-conflicts.ts';
import { changeContactByApi, getContactByApi, redriveContactByApi } from './contacts-change.ts';
import { type ContactChangeDeps, createContactByApi } from './contacts-create.ts';
import { listContactsByApi } from './contacts-list.ts';
import { getRotationByApi, rotateCredentialByApi, type RotationDeps } from './credentials-rotate.ts';
import { discardDeadLetterByApi } from './dead-letters-discard.ts';
import { getDeadLetterByApi } from './dead-letters-get.ts';
import { groupDeadLettersByApi, listDeadLettersByApi } from './dead-letters-list.ts';
import { redriveDeadLetterByApi, redriveDeadLettersByApi } from './dead-letters-redrive.ts';
import type { Drain } from './drain.ts';
import { getMergeByApi, listDuplicatesByApi, mergeContactsByApi } from './duplicate-contacts.ts';
import type { EventIntake } from './event-intake.ts';
import {
  checkMappingsByApi,
  type FieldMappingDeps,
  listMappingsByApi,
  mapFieldByApi,
  unmapFieldByApi,
} from './field-mappings.ts';
import { reportHealth, reportReadiness } from './health.ts';
import { requireStorableAddress } from './input.ts';
import type { LeadChangeDeps } from './lead-client.ts';
import { acceptLeadByApi } from './leads-accept.ts';
import { closeLeadByApi } from './leads-close.ts';
import { createLeadByApi } from './leads-create.ts';
import { getLeadByApi } from './leads-get.ts';
import { listLeadsByApi } from './leads-list.ts';
import { reassignLeadByApi } from './leads-reassign.ts';
import { reconcileByApi, showSyncByApi, type SyncDeps } from './locations-sync.ts';
import { listNoticeDeliveriesByApi } from './notice-deliveries.ts';
import {
  listSubscriptionsByApi,
  muteRepByApi,
  muteSubscriptionByApi,
  type NoticeSubscriptionDeps,
  subscribeByApi,
  unsubscribeByApi,
} from './notice-subscriptions.ts';
import type { Metrics } from './metrics.ts';
import { type MetricsPageDeps, reportMetrics, timeWebhooks } from './metrics-page.ts';
import { takeCode } from './oauth-callback.ts';
import { type ConnectDeps, RESULT_PATH, showConnecting } from './oauth-result.ts';
import { showConnectLink, startConnecting } from './oauth-start.ts';
import { requireSession, requireSessionOrToken } from './operator-access.ts';
import { type OperatorDoor, WEB_UI_PATH } from './operator-door.ts';
import { handleErrors, handleUnknownRoute } from './problem.ts';
import { listQuarantine, takeFromQuarantine } from './quarantine.ts';
import { readRawBody } from './raw-body.ts';
import type { RefusedDeliveries } from './refused-deliveries.ts';
import { logRequests } from './request-log.ts';
import {
  readSignInForm,
  showHowToSignIn,
  showSignIn,
  showSignInLink,
  signInByLink,
  signInByOperatorToken,
} from './sign-in.ts';
import { traceRequests } from './trace-requests.ts';
import { reportNoWebUi, type WebUi } from './web-ui.ts';
import { listWebhookDeliveriesByApi, redeliverByApi } from './webhook-deliveries.ts';
import {
  changeEndpointByApi,
  createEndpointByApi,
  deleteEndpointByApi,
  getEndpointByApi,
  listEndpointsByApi,
  rotateEndpointSecretByApi,
  switchEndpointByApi,
  testEndpointByApi,
  type WebhookEndpointDeps,
} from './webhook-endpoints.ts';
import { receiveGhlWebhook } from './webhooks-ghl.ts';
import { receiveGhlWorkflowWebhook } from './webhooks-ghl-workflow.ts';
import type { WorkClient } from './work.ts';

export interface AppDeps {
  db: Kysely<Database>;
  keys: KeyProvider;
  client: LeadChangeDeps['client'] &
    ConnectDeps['client'] &
    RotationDeps['client'] &
    BackfillDeps['client'] &
    SyncDeps['client'] &
    FieldMappingDeps['client'] &
    Pick<WorkClient, 'isReachable'> &
    MetricsPageDeps['client'];
  ghlDoor: GhlDoor;
  publicKeys: readonly KeyObject[];
  intake: EventIntake;
  refused: RefusedDeliveries;
  drain: Drain;
  codec: PayloadCodec;
  door: OperatorDoor;
  webUi: WebUi | undefined;
  relay: ContactChangeDeps['relay'];
  sendsMail: NoticeSubscriptionDeps['sendsMail'];
  outboundRules: WebhookEndpointDeps['outboundRules'];
  now: () => Date;
  metrics: Metrics;
  logger: Logger;
}

/** The routes. What runs beside requests (relay, starts) is made and stopped by `createService`. */
export function createApp(deps: AppDeps): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.use(traceRequests);
  app.use(logRequests(deps.logger));
  // First what comes by the thousand: a request is held against one route after the other.
  const { guard } = deps.drain;
  app.post('/webhooks/ghl', timeWebhooks(deps.metrics, 'ghl'), guard, readRawBody, receiveGhlWebhook(deps));
  const [time, receive] = [timeWebhooks(deps.metrics, 'ghl-workflow'), receiveGhlWorkflowWebhook(deps)];
  app.post('/webhooks/ghl-workflow', time, guard, readRawBody, receive);
  app.get('/healthz', reportHealth);
  app.get('/readyz', reportReadiness(deps));
  app.get('/metrics', reportMetrics(deps));
  app.use(guard);

  app.use('/v1', requireStorableAddress);
  app.post('/v1/leads', readRawBody, createLeadByApi(deps));
  app.get('/v1/leads', listLeadsByApi(deps));
  app.get('/v1/leads/:id', getLeadByApi(deps));
  app.post('/v1/leads/:id/reassign', readRawBody, reassignLeadByApi(deps));
  app.post('/v1/leads/:id/accept', readRawBody, acceptLeadByApi(deps));
  app.post('/v1/leads/:id/close', readRawBody, closeLeadByApi(deps));

  app.post('/v1/backfills', readRawBody, createBackfillByApi(deps));
  app.get('/v1/backfills', listBackfillsByApi(deps));
  app.get('/v1/backfills/:id', getBackfillByApi(deps));
  app.post('/v1/backfills/:id/pause', wishBackfillByApi(deps, 'pause'));
  app.post('/v1/backfills/:id/resume', wishBackfillByApi(deps, 'run'));
  app.post('/v1/backfills/:id/cancel', wishBackfillByApi(deps, 'cancel'));
  app.post('/v1/contacts', readRawBody, createContactByApi(deps));
  app.get('/v1/contacts', listContactsByApi(deps));
  app.get('/v1/contacts/:id', getContactByApi(deps));
  app.patch('/v1/contacts/:id', readRawBody, changeContactByApi(deps));
  app.post('/v1/contacts/:id/redrive', readRawBody, redriveContactByApi(deps));
  app.get('/v1/contact-conflicts', listConflictsByApi(deps));
  app.post('/v1/contact-conflicts/:id/resolve', readRawBody, resolveConflictByApi(deps));
  app.get('/v1/duplicate-contacts', listDuplicatesByApi(deps));
  app.post('/v1/contact-merges', readRawBody, mergeContactsByApi(deps));
  app.get('/v1/contact-merges/:id', getMergeByApi(deps));
  app.get('/v1/locations/:id/conflict-policies', listPoliciesByApi(deps));
  app.put('/v1/locations/:id/conflict-policies', readRawBody, setPolicyByApi(deps));

  app.get('/v1/locations/:id/field-mappings', listMappingsByApi(deps));
  app.put('/v1/locations/:id/field-mappings', readRawBody, mapFieldByApi(deps));
  app.post('/v1/locations/:id/field-mappings/check', readRawBody, checkMappingsByApi(deps));
  app.delete('/v1/locations/:id/field-mappings/:name', unmapFieldByApi(deps));

  app.get('/v1/dead-letters', listDeadLettersByApi(deps));
  app.get('/v1/dead-letters/groups', groupDeadLettersByApi(deps));
  app.get('/v1/dead-letters/:id', getDeadLetterByApi(deps));
  app.post('/v1/dead-letters/redrive', readRawBody, redriveDeadLettersByApi(deps));
  app.post('/v1/dead-letters/:id/redrive', readRawBody, redriveDeadLetterByApi(deps));
  app.post('/v1/dead-letters/:id/discard', readRawBody, discardDeadLetterByApi(deps));

  app.get('/v1/notice-subscriptions', listSubscriptionsByApi(deps));
  app.post('/v1/notice-subscriptions', readRawBody, subscribeByApi(deps));
  app.delete('/v1/notice-subscriptions/:id', unsubscribeByApi(deps));
  app.post('/v1/notice-subscriptions/:id/mute', muteSubscriptionByApi(deps, 'mute'));
  app.post('/v1/notice-subscriptions/:id/unmute', muteSubscriptionByApi(deps, 'unmute'));
  app.post('/v1/reps/:id/mute-notices', muteRepByApi(deps, 'mute'));
  app.post('/v1/reps/:id/unmute-notices', muteRepByApi(deps, 'unmute'));
  app.get('/v1/notice-deliveries', listNoticeDeliveriesByApi(deps));

  app.post('/v1/webhook-endpoints', readRawBody, createEndpointByApi(deps));
  app.get('/v1/webhook-endpoints', listEndpointsByApi(deps));
  app.get('/v1/webhook-endpoints/:id', getEndpointByApi(deps));
  app.patch('/v1/webhook-endpoints/:id', readRawBody, changeEndpointByApi(deps));
  app.delete('/v1/webhook-endpoints/:id', deleteEndpointByApi(deps));
  app.post('/v1/webhook-endpoints/:id/rotate-secret', readRawBody, rotateEndpointSecretByApi(deps));
  app.post('/v1/webhook-endpoints/:id/enable', switchEndpointByApi(deps, 'enabled'));
  app.post('/v1/webhook-endpoints/:id/disable', switchEndpointByApi(deps, 'disabled'));
  app.post('/v1/webhook-endpoints/:id/test', testEndpointByApi(deps));
  app.get('/v1/webhook-endpoints/:id/deliveries', listWebhookDeliveriesByApi(deps));
  app.post('/v1/webhook-endpoints/:id/deliveries/redeliver', readRawBody, redeliverByApi(deps));

  app.post('/v1/agency/connect-links', readRawBody, createConnectLinkByApi(deps));
  app.get('/oauth/ghl/start', showConnectLink(deps));
  app.post('/oauth/ghl/start', startConnecting(deps));
  // GHL's portal may refuse an address that names it: the second is the same without.
  app.get(['/oauth/ghl/callback', '/oauth/callback'], takeCode(deps));
  app.get(RESULT_PATH, showConnecting(deps));
  app.post('/v1/locations/:id/credentials', readRawBody, rotateCredentialByApi(deps));
  app.get('/v1/locations/:id/credentials/:rotationId', getRotationByApi(deps));
  app.get('/v1/locations/:id/sync', showSyncByApi(deps));
  app.post('/v1/locations/:id/reconcile', readRawBody, reconcileByApi(deps));

  app.get('/sign-in', showSignIn);
  app.post('/sign-in', readSignInForm, signInByOperatorToken(deps));
  app.get('/sign-in/:secret', showSignInLink(deps));
  app.post('/sign-in/:secret', signInByLink(deps));
  app.post('/codec/decode', requireSessionOrToken(deps), readCodecBody, decodePayloads(deps));
  app.post('/codec/encode', requireSessionOrToken(deps), readCodecBody, encodePayloads(deps));
  app.get('/operator/quarantine', requireSessionOrToken(deps), listQuarantine(deps));
  app.post('/operator/quarantine/take', requireSessionOrToken(deps), readRawBody, takeFromQuarantine(deps));
  const webUi = deps.webUi === undefined ? [reportNoWebUi] : [requireSession(deps), deps.webUi.pass];
  app.all(`${WEB_UI_PATH}{/*path}`, ...webUi, showHowToSignIn);

  app.use(handleUnknownRoute);
  app.use(handleErrors(deps.logger));
  return app;
}
