import { randomBytes } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createAccountGhlActivities } from '../../activities/account-sync-ghl.ts';
import { createAccountActivities } from '../../activities/account-sync.ts';
import { createConnectActivities } from '../../activities/agency-connect.ts';
import { createConnectGhlActivities } from '../../activities/agency-connect-ghl.ts';
import { createContactEditActivities } from '../../activities/contact-edits.ts';
import { createContactEditGhlActivities } from '../../activities/contact-edits-ghl.ts';
import { createContactMergeActivities } from '../../activities/contact-merge.ts';
import { createContactMergeGhlActivities } from '../../activities/contact-merge-ghl.ts';
import { createContactSyncActivities } from '../../activities/contact-sync.ts';
import { createContactSyncGhlActivities } from '../../activities/contact-sync-ghl.ts';
import { createBackfillActivities } from '../../activities/backfill.ts';
import { createBackfillGhlActivities } from '../../activities/backfill-ghl.ts';
import { createFieldMappingGhlActivities } from '../../activities/field-mapping-ghl.ts';
import { createRotationActivities } from '../../activities/credential-rotation.ts';
import { createRotationGhlActivities } from '../../activities/credential-rotation-ghl.ts';
import { createLeadGhlActivities } from '../../activities/lead-intake-ghl.ts';
import { createLeadActivities } from '../../activities/lead-intake.ts';
import { createPollActivities } from '../../activities/poll-sync.ts';
import { createPollGhlActivities } from '../../activities/poll-sync-ghl.ts';
import { createNoticeEmailActivities, type NoticeObserver } from '../../activities/notice-email.ts';
import { createNoticeWebhookActivities } from '../../activities/notice-webhook.ts';
import { createNotificationActivities } from '../../activities/notification.ts';
import { createGhlTaskNotifier } from '../../activities/rep-notifier.ts';
import { parseKeyRing } from '../../crypto/key-ring.ts';
import { createBreakerStore } from '../../db/ghl-breakers.ts';
import { createBudgetStore } from '../../db/ghl-budgets.ts';
import { createTokenStore } from '../../db/installs.ts';
import { POLL_POLICY, type PollPolicy } from '../../domain/poll-rules.ts';
import { createGhlGateway, type GatewayOptions } from '../../ghl/gateway.ts';
import { createReadCache } from '../../ghl/read-cache.ts';
import { createMailer, type MailerSettings } from '../../mail/mailer.ts';
import type { AttemptClass } from '../../domain/webhook-attempt.ts';
import { createWebhookSender } from '../../outbound/webhook-post.ts';
import { type AgencyPlan, ghlIds } from '../../scripts/demo/agency-plan.ts';
import { plantAgency, type PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { createControlClient } from '../../simulator/control-client.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import { suiteEvidence } from '../leaks/evidence.ts';
import { hearingErrors } from '../leaks/hear-errors.ts';
import { listKeys } from '../leaks/used-values.ts';
import { createTestDatabase } from './database.ts';
import { createTestLogger } from './test-logger.ts';

export const BENCH_APP = { clientId: '0123456789abcdef01234567-abcdefgh', clientSecret: 'secret-of-the-test-app' };

const PROVISIONING_APP = {
  clientId: 'fedcba9876543210fedcba98-agencies',
  clientSecret: 'secret-of-the-agency-app',
};

/** Which attempt of which activity a run is. Runs with the same `activityId` are attempts of one. */
export interface Attempt {
  attempt?: number;
  activityId?: string;
}

let activities = 0;
/** Tests make activities fail on purpose. */
const logger = new DefaultLogger('ERROR');

/** Runs one attempt of an activity as Temporal does; by default the first of a new one. */
export function run<A, R>(activity: (args: A) => Promise<R>, args: A, attempt: Attempt = {}): Promise<R> {
  activities += 1;
  const info = { attempt: 1, activityId: `activity-${activities}`, ...attempt };
  const environment = new MockActivityEnvironment(info, { logger });
  return hearingErrors(suiteEvidence, activity.name, () =>
    environment.run<[A], R, (args: A) => Promise<R>>(activity, args),
  );
}

/** The real parts under an activity: Postgres and the simulator over HTTP, without Temporal. */
export async function startActivityBench(
  options: {
    ghl?: Partial<GatewayOptions>;
    polling?: PollPolicy;
    mail?: { settings: MailerSettings; gatherMs: number };
  } = {},
) {
  const { polling: policy = POLL_POLICY } = options;
  const keys = parseKeyRing(`1:${randomBytes(32).toString('base64')}`);
  suiteEvidence.use(listKeys(keys));
  const [database, simulator] = await Promise.all([
    createTestDatabase(),
    startSimulator({ port: 0, seed: 'activities' }),
  ]);
  const control = createControlClient(simulator.url);
  const clock: { at: Date | undefined } = { at: undefined };
  const now = (): Date => clock.at ?? new Date();
  const { db } = database;
  const gateway = createGhlGateway({
    baseUrl: simulator.url,
    app: BENCH_APP,
    provisioningApp: PROVISIONING_APP,
    tokens: createTokenStore(db, keys),
    budget: createBudgetStore(db),
    breakers: createBreakerStore(db),
    log: createTestLogger(),
    // Tests change installs past it, and go on at once.
    installRememberedMs: 0,
    ...options.ghl,
  });
  const assignedAfterMs: number[] = [];
  const leadObserver = { firstAssigned: (afterMs: number): void => void assignedAfterMs.push(afterMs) };
  const endedDeliveries: Parameters<NoticeObserver['ended']>[] = [];
  const outgoing = {
    mailer: options.mail ? createMailer(options.mail.settings) : null,
    gatherMs: options.mail?.gatherMs ?? 0,
    noticeObserver: { ended: (...end: Parameters<NoticeObserver['ended']>): void => void endedDeliveries.push(end) },
  };
  const store = { db, keys, now, leadObserver };
  const withGhl = { ...store, ghl: gateway, reads: createReadCache(gateway), notifier: createGhlTaskNotifier(gateway) };
  // Receivers of tests listen here.
  const outboundRules = { privateAddresses: new Set(['127.0.0.1']), isHttpAllowed: true };
  const webhooks = createWebhookSender({ rules: outboundRules, timeoutMs: 30_000 });
  const webhookAttempts: AttemptClass[] = [];
  const onWebhookAttempt = (result: AttemptClass): void => void webhookAttempts.push(result);
  return {
    database,
    keys,
    simulator: control,
    simulatorUrl: simulator.url,
    /** The activities' clock; undefined for the machine's. */
    clock,
    /** What the activities have told of leads that got their first rep. */
    assignedAfterMs,
    /** What the activities have told of deliveries that ended. */
    endedDeliveries,
    notices: createNotificationActivities({ ...store, ...outgoing }),
    emails: createNoticeEmailActivities({ ...store, ...outgoing }),
    leads: createLeadActivities(store),
    ghl: createLeadGhlActivities(withGhl),
    accounts: createAccountActivities({ ...store, appIds: gateway.appIds }),
    connect: createConnectActivities(store),
    connectGhl: createConnectGhlActivities(withGhl),
    backfills: createBackfillActivities(store),
    backfillsGhl: createBackfillGhlActivities(withGhl),
    /** Calls as whoever else talks to GHL makes them. */
    gateway,
    polls: createPollActivities({ ...store, policy }),
    pollsGhl: createPollGhlActivities({ ...store, ghl: gateway, policy }),
    rotation: createRotationActivities(store),
    rotationGhl: createRotationGhlActivities(withGhl),
    accountsGhl: createAccountGhlActivities(withGhl),
    contacts: createContactSyncActivities(store),
    contactsGhl: createContactSyncGhlActivities(withGhl),
    edits: createContactEditActivities(store),
    merges: createContactMergeActivities(store),
    mergesGhl: createContactMergeGhlActivities(withGhl),
    editsGhl: createContactEditGhlActivities(withGhl),
    fieldsGhl: createFieldMappingGhlActivities(withGhl),
    webhooks: createNoticeWebhookActivities({ ...store, webhooks, outboundRules, onWebhookAttempt }),
    /** How attempts to send webhooks have gone, in order. */
    webhookAttempts,
    /** Plants an agency whose locations may be asked far more often than GHL allows: repeats make many calls. */
    async plant(plan: AgencyPlan): Promise<PlantedAgency> {
      const planted = await plantAgency(plan, { db, keys, simulator: control, app: BENCH_APP, webhookUrl: null });
      for (const { key } of plan.locations) {
        await control.changeLocation(ghlIds.location(plan.key, key), { rateLimit: { max: 10_000 } });
      }
      return planted;
    },
    async stop() {
      await gateway.close();
      await webhooks.close();
      await simulator.close();
      await database.drop();
    },
  };
}

export type ActivityBench = Awaited<ReturnType<typeof startActivityBench>>;
