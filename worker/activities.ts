import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import { createAccountActivities } from '../activities/account-sync.ts';
import { createAccountGhlActivities } from '../activities/account-sync-ghl.ts';
import { createConnectActivities } from '../activities/agency-connect.ts';
import { createConnectGhlActivities } from '../activities/agency-connect-ghl.ts';
import { createBackfillActivities } from '../activities/backfill.ts';
import { createBackfillGhlActivities } from '../activities/backfill-ghl.ts';
import { createContactEditActivities } from '../activities/contact-edits.ts';
import { createContactEditGhlActivities } from '../activities/contact-edits-ghl.ts';
import { createContactMergeActivities } from '../activities/contact-merge.ts';
import { createContactMergeGhlActivities } from '../activities/contact-merge-ghl.ts';
import { createContactSyncActivities } from '../activities/contact-sync.ts';
import { createContactSyncGhlActivities } from '../activities/contact-sync-ghl.ts';
import { createFieldMappingGhlActivities } from '../activities/field-mapping-ghl.ts';
import { createRotationActivities } from '../activities/credential-rotation.ts';
import { createRotationGhlActivities } from '../activities/credential-rotation-ghl.ts';
import type { LeadObserver, StoreDeps } from '../activities/dependencies.ts';
import { createLeadActivities } from '../activities/lead-intake.ts';
import { createLeadGhlActivities } from '../activities/lead-intake-ghl.ts';
import { createPollActivities } from '../activities/poll-sync.ts';
import { createPollGhlActivities } from '../activities/poll-sync-ghl.ts';
import { createUpkeepActivities } from '../activities/upkeep.ts';
import { createNoticeEmailActivities, type NoticeObserver } from '../activities/notice-email.ts';
import { createNoticeWebhookActivities, type WebhookDeps } from '../activities/notice-webhook.ts';
import { createNotificationActivities } from '../activities/notification.ts';
import { createGhlTaskNotifier } from '../activities/rep-notifier.ts';
import type { KeyProvider } from '../crypto/key-ring.ts';
import { createBreakerStore } from '../db/ghl-breakers.ts';
import { createBudgetStore } from '../db/ghl-budgets.ts';
import { createTokenStore } from '../db/installs.ts';
import type { Database } from '../db/schema.ts';
import { POLL_POLICY, type PollPolicy } from '../domain/poll-rules.ts';
import { DEFAULT_RETENTION, type Retention } from '../domain/retention.ts';
import { createGhlGateway, type GatewayOptions } from '../ghl/gateway.ts';
import { createReadCache } from '../ghl/read-cache.ts';
import { STRICT_OUTBOUND } from '../domain/webhook-url.ts';
import { createWebhookSender } from '../outbound/webhook-post.ts';
import { createMailer, type MailerSettings } from '../mail/mailer.ts';

export interface ActivityOptions {
  db: Kysely<Database>;
  keys: KeyProvider;
  ghl: Pick<GatewayOptions, 'baseUrl' | 'app'> & Partial<GatewayOptions>;
  log: Logger;
  /** When and how locations are polled. */
  polling?: PollPolicy;
  /** For how long what is kept. */
  retention?: Retention;
  leadObserver?: LeadObserver;
  /** What endpoints may be, by default as in production, and who hears of attempts. */
  webhooks?: Partial<Omit<WebhookDeps, keyof StoreDeps>>;
  /** The mail server of notices; null where there is none. */
  mail?: MailerSettings | null;
  /** How long an operator's notices of one topic are gathered after a mail of it; ten minutes by default. */
  gatherMs?: number;
  noticeObserver?: NoticeObserver;
}

/** A storm of dead letters is a mail now and one every ten minutes, each with all that came since. */
const GATHER_MS = 600_000;

/** All activities, joined to their memory in Postgres and to GHL. */
export function createActivities(options: ActivityOptions) {
  const {
    db,
    keys,
    ghl: ghlOptions,
    log,
    polling = POLL_POLICY,
    retention = DEFAULT_RETENTION,
    leadObserver,
    noticeObserver,
  } = options;
  const gateway = createGhlGateway({
    tokens: createTokenStore(db, keys),
    budget: createBudgetStore(db),
    breakers: createBreakerStore(db),
    log,
    ...ghlOptions,
  });
  const store = { db, keys, now: () => new Date(), ...(leadObserver && { leadObserver }) };
  const withGhl = { ...store, ghl: gateway, reads: createReadCache(gateway), notifier: createGhlTaskNotifier(gateway) };
  const outboundRules = options.webhooks?.outboundRules ?? STRICT_OUTBOUND;
  const webhooks = options.webhooks?.webhooks ?? createWebhookSender({ rules: outboundRules });
  const outgoing = {
    ...store,
    mailer: options.mail ? createMailer(options.mail) : null,
    gatherMs: options.gatherMs ?? GATHER_MS,
    ...(noticeObserver && { noticeObserver }),
  };
  return {
    /** On the workflows' own queues: the database only. */
    store: {
      ...createLeadActivities(store),
      ...createAccountActivities({ ...store, appIds: gateway.appIds }),
      ...createConnectActivities(store),
      ...createRotationActivities(store),
      ...createBackfillActivities(store),
      ...createContactSyncActivities(store),
      ...createPollActivities({ ...store, policy: polling }),
      ...createContactEditActivities(store),
      ...createContactMergeActivities(store),
      ...createUpkeepActivities({ ...store, retention }),
      ...createNotificationActivities({ ...store, ...(noticeObserver && { noticeObserver }) }),
    },
    /** On queues of their own. */
    ghl: {
      ...createLeadGhlActivities(withGhl),
      ...createAccountGhlActivities(withGhl),
      ...createConnectGhlActivities(withGhl),
      ...createRotationGhlActivities(withGhl),
      ...createBackfillGhlActivities(withGhl),
      ...createContactSyncGhlActivities(withGhl),
      ...createPollGhlActivities({ ...store, ghl: gateway, policy: polling }),
      ...createContactEditGhlActivities(withGhl),
      ...createContactMergeGhlActivities(withGhl),
      ...createFieldMappingGhlActivities(withGhl),
    },
    /** On a queue of their own as well: what leaves for mail servers. */
    notices: { ...createNoticeEmailActivities(outgoing) },
    /** And on another: what leaves for endpoints. */
    webhooks: { ...createNoticeWebhookActivities({ ...outgoing, ...options.webhooks, webhooks, outboundRules }) },
    /** The one way of this process to GHL. */
    gateway,
    async close() {
      await Promise.all([gateway.close(), webhooks.close()]);
    },
  };
}

export type Activities = ReturnType<typeof createActivities>;
