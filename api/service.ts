import type { KeyObject } from 'node:crypto';
import type { Express } from 'express';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { KeyProvider } from '../crypto/key-ring.ts';
import { createPayloadCodec } from '../crypto/payload-codec.ts';
import type { Work } from '../db/event-capabilities.ts';
import type { Database } from '../db/schema.ts';
import { createSealingReports } from '../db/sealing-reports.ts';
import { createAccountSpeech } from './account-speech.ts';
import type { GhlDoor } from '../domain/authorize-url.ts';
import { type OutboundRules, STRICT_OUTBOUND } from '../domain/webhook-url.ts';
import { type AppDeps, createApp } from './app.ts';
import { createBudgetWatch } from './budget-watch.ts';
import { createDrain } from './drain.ts';
import { createEventIntake } from './event-intake.ts';
import { createForgottenChangeWatch } from './forgotten-changes.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import type { OperatorDoor } from './operator-door.ts';
import { carryOutRedrive, type RedriveDeps } from './redrive-work.ts';
import { createRefusedDeliveries } from './refused-deliveries.ts';
import { createRelay } from './relay.ts';
import { createScheduleKeeper, type ScheduleClient } from './schedules.ts';
import { createSilenceWatch } from './silence.ts';
import { createStarts } from './starts.ts';
import { createStuckLeadWatch, type StuckLeadDeps } from './stuck-leads.ts';
import { createStuckWorkflowWatch, type StuckWorkflowDeps } from './stuck-workflows.ts';
import { createUnfinishedWorkWatch, type UnfinishedWorkDeps } from './unfinished-work.ts';
import { createWebUi } from './web-ui.ts';
import type { WorkClient } from './work.ts';

export interface ServiceOptions {
  db: Kysely<Database>;
  keys: KeyProvider;
  client: AppDeps['client'] &
    WorkClient &
    RedriveDeps['client'] &
    StuckLeadDeps['client'] &
    StuckWorkflowDeps['client'] &
    UnfinishedWorkDeps['client'] &
    ScheduleClient;
  publicKeys: readonly KeyObject[];
  /** By default operators come in over plain http and find no Web UI. */
  door?: OperatorDoor;
  /** Where agencies are connected; by default there is no app to connect. */
  ghlDoor?: GhlDoor;
  /** Where webhooks may be sent; by default as in production. */
  outboundRules?: OutboundRules;
  /** Whether notices go by mail; by default they do not. */
  sendsMail?: boolean;
  logger: Logger;
  /** By default the service's own. */
  metrics?: Metrics;
  now?: () => Date;
  /** Workflow starts in flight at most; 0 leaves all to the relay. */
  startsInFlight?: number;
  /** Keeps the schedules by which locations are polled and upkeep is done; by default both happen on request alone. */
  schedules?: boolean;
  /** How often the relay looks for work that other processes have left, in milliseconds. */
  relayPollMs?: number;
  /** How long what is to be read for the mirror waits for more of its contact, in milliseconds. */
  gatherMs?: number;
  /** How long a delivery waits for its turn before it is answered 429, in milliseconds. */
  intakeWaitMs?: number;
}

export interface Service {
  app: Express;
  metrics: Metrics;
  /** Lets the relay, the watches on silence, on budgets, on stuck leads and workflows, on forgotten changes and unfinished work, the keeper of schedules, and reports of the key that seals run. */
  start(): void;
  /** From now on requests are answered 429. */
  drain(): void;
  /** Resolves when nothing is in the air any more. */
  stop(): Promise<void>;
}

/** The API with all that runs beside its requests. */
export function createService(options: ServiceOptions): Service {
  const { db, keys, client, publicKeys, logger, now = () => new Date() } = options;
  // One act of a person, or of ours, sends several events over a few seconds.
  const { gatherMs = 5_000 } = options;
  const { door = { publicUrl: 'http://127.0.0.1', namespace: 'default', webUiUrl: undefined } } = options;
  const { ghlDoor = { authorizeUrl: '', redirectUri: '', apps: { locations: null, provisioning: null } } } = options;
  const { metrics = createMetrics() } = options;
  const drain = createDrain();
  const temporal = {
    isAway: false,
    failed() {
      this.isAway = true;
    },
  };
  const starts = createStarts({ db, client, logger, metrics, temporal, limit: options.startsInFlight ?? 20 });
  const redrive = (work: Work): Promise<void> => carryOutRedrive({ db, keys, client, intake, logger }, work);
  const relay = createRelay({ db, client, logger, metrics, temporal, redrive, pollMs: options.relayPollMs ?? 1_000 });
  const silence = createSilenceWatch({ db, logger, metrics, now });
  const budgets = createBudgetWatch({ db, logger });
  const stuckLeads = createStuckLeadWatch({ db, client, logger, now });
  const stuckWorkflows = createStuckWorkflowWatch({ db, client, logger, now });
  const forgotten = createForgottenChangeWatch({ db, logger, relay, now });
  const unfinished = createUnfinishedWorkWatch({ db, client, logger, relay, now });
  const schedules = createScheduleKeeper({ client, logger });
  const sealing = createSealingReports({ db, keys, log: logger });
  const refused = createRefusedDeliveries({ db, keys, logger, metrics });
  const speech = createAccountSpeech(db, logger);
  const waitMs = options.intakeWaitMs;
  const intake = createEventIntake({ db, keys, metrics, starts, relay, speech, gatherMs, now, waitMs });
  const webUi = door.webUiUrl === undefined ? undefined : createWebUi({ db, url: door.webUiUrl, logger });
  const codec = createPayloadCodec(keys);
  return {
    app: createApp({
      db,
      keys,
      client,
      ghlDoor,
      publicKeys,
      intake,
      refused,
      relay,
      outboundRules: options.outboundRules ?? STRICT_OUTBOUND,
      drain,
      codec,
      door,
      webUi,
      sendsMail: options.sendsMail === true,
      now,
      metrics,
      logger,
    }),
    metrics,
    start() {
      relay.start();
      silence.start();
      budgets.start();
      stuckLeads.start();
      stuckWorkflows.start();
      forgotten.start();
      unfinished.start();
      if (options.schedules === true) schedules.start();
      sealing.start();
    },
    drain: () => drain.begin(),
    async stop() {
      drain.begin();
      silence.stop();
      budgets.stop();
      stuckLeads.stop();
      stuckWorkflows.stop();
      forgotten.stop();
      unfinished.stop();
      schedules.stop();
      await Promise.all([relay.stop(), starts.settled(), refused.flush(), webUi?.stop(), sealing.stop()]);
    },
  };
}
