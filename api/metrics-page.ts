import type { RequestHandler } from 'express';
import type { Kysely } from 'kysely';
import { countOpenLetters } from '../db/dead-letter-list.ts';
import type { SwitchyardClient } from '../client.ts';
import { listActiveBudgets } from '../db/budget-measure.ts';
import { countInstalls } from '../db/install-measure.ts';
import { measureWaitingWork } from '../db/inbox-measure.ts';
import { measureUnplacedLeads } from '../db/lead-measure.ts';
import { measureRetention } from '../db/retention-measure.ts';
import { measureWaitingNotices } from '../db/notice-measure.ts';
import { measurePolling } from '../db/poll-turns.ts';
import type { Database } from '../db/schema.ts';
import { withSystemRole } from '../db/scope.ts';
import { countEndpoints } from '../db/webhook-endpoints.ts';
import { DEAD_LETTER_CAPABILITIES } from '../domain/dead-letter.ts';
import { summariseBudgets } from '../domain/budget-left.ts';
import { NOTICE_CHANNELS } from '../domain/notice.ts';
import { STUCK_AFTER_FAILURES } from '../domain/poll-failure.ts';
import { POLL_POLICY } from '../domain/poll-rules.ts';
import { boundLook } from './bounded-look.ts';
import { BUDGET_STATS, BUDGET_WINDOWS, type DEPENDENCIES, type DOORS, type Metrics } from './metrics.ts';
import { CAUSES_BY_DESIGN } from './relay-policy.ts';

/** Long after it was due a pass has not begun: polling stands still, or has more to do than it can. */
const POLL_LATE_MS = 3_600_000;

/** Prometheus gives a page up after ten seconds by default, and would take the process for gone. */
const SCRAPE_MS = 5_000;

export interface MetricsPageDeps {
  db: Kysely<Database>;
  client: Pick<SwitchyardClient, 'taskQueueBacklogs'>;
  metrics: Metrics;
}

/**
 * `GET /metrics`: Prometheus. What stands in Postgres and waits in Temporal is measured when asked; while one of them is
 * away or hangs its last figures stand, and `switchyard_dependency_up` says so.
 */
export function reportMetrics({ db, client, metrics }: MetricsPageDeps): RequestHandler {
  const askPostgres = boundLook(SCRAPE_MS, (isOver) => measureStored(db, metrics, isOver));
  const askTemporal = boundLook(SCRAPE_MS, () => measureQueues(client, metrics));
  return async (_req, res) => {
    const asking = async (dependency: (typeof DEPENDENCIES)[number], ask: () => Promise<void>): Promise<void> => {
      try {
        await ask();
        metrics.dependencyUp.set({ dependency }, 1);
      } catch {
        // A scrape that fails would hide every other figure just when they are needed.
        metrics.dependencyUp.set({ dependency }, 0);
      }
    };
    await Promise.all([asking('postgres', askPostgres), asking('temporal', askTemporal)]);
    res.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  };
}

/** One transaction after the other, so that a scrape takes one connection. Raises Error when no more is to be begun. */
async function measureStored(db: Kysely<Database>, metrics: Metrics, isOver: () => boolean): Promise<void> {
  for (const measure of [
    measureInbox,
    measureLeads,
    measureInstalls,
    measureLetters,
    measureEndpoints,
    measureNotices,
    measurePasses,
    measureUpkeep,
    measureBudgets,
  ]) {
    if (isOver()) throw new Error('the look takes too long');
    await measure(db, metrics);
  }
}

async function measureInbox(db: Kysely<Database>, metrics: Metrics): Promise<void> {
  const byDesign = CAUSES_BY_DESIGN;
  const { pending, oldestMs } = await withSystemRole(db, 'relay', (tx) => measureWaitingWork(tx, { byDesign }));
  metrics.inboxDepth.set(pending);
  metrics.inboxOldest.set(oldestMs / 1000);
}

async function measureLeads(db: Kysely<Database>, metrics: Metrics): Promise<void> {
  const { leads, oldestMs } = await withSystemRole(db, 'upkeep', (tx) => measureUnplacedLeads(tx));
  metrics.unplacedLeads.set(leads);
  metrics.unplacedOldest.set(oldestMs / 1000);
}

async function measureInstalls(db: Kysely<Database>, metrics: Metrics): Promise<void> {
  const installs = await withSystemRole(db, 'upkeep', (tx) => countInstalls(tx));
  for (const [status, count] of Object.entries(installs)) metrics.installs.set({ status }, count);
}

async function measureLetters(db: Kysely<Database>, metrics: Metrics): Promise<void> {
  const letters = await withSystemRole(db, 'upkeep', (tx) => countOpenLetters(tx));
  for (const capability of DEAD_LETTER_CAPABILITIES) metrics.deadLetters.set({ capability }, letters[capability] ?? 0);
}

async function measureEndpoints(db: Kysely<Database>, metrics: Metrics): Promise<void> {
  const endpoints = await withSystemRole(db, 'upkeep', (tx) => countEndpoints(tx));
  for (const [state, count] of Object.entries(endpoints)) metrics.webhookEndpoints.set({ state }, count);
}

async function measureNotices(db: Kysely<Database>, metrics: Metrics): Promise<void> {
  const notices = await withSystemRole(db, 'upkeep', (tx) => measureWaitingNotices(tx));
  for (const channel of NOTICE_CHANNELS) metrics.noticeOldest.set({ channel }, (notices[channel] ?? 0) / 1000);
}

async function measurePasses(db: Kysely<Database>, metrics: Metrics): Promise<void> {
  const late = { lateMs: POLL_LATE_MS, graceMs: POLL_POLICY.gapGraceMs, failures: STUCK_AFTER_FAILURES };
  const polling = await withSystemRole(db, 'upkeep', (tx) => measurePolling(tx, late));
  metrics.pollsOverdue.set(polling.overdue);
  // A cause that is over has no figure any more.
  metrics.pollsFailing.reset();
  for (const [cause, passes] of Object.entries(polling.failing)) metrics.pollsFailing.set({ cause }, passes);
  metrics.webhookGaps.set(polling.openGaps);
  for (const [resource, records] of Object.entries(polling.drift)) metrics.mirrorDrift.set({ resource }, records);
}

async function measureUpkeep(db: Kysely<Database>, metrics: Metrics): Promise<void> {
  const { lastRunAt, done, tables } = await withSystemRole(db, 'upkeep', (tx) => measureRetention(tx, new Date()));
  metrics.upkeepSuccess.set((lastRunAt?.getTime() ?? 0) / 1000);
  for (const { step, kind, total } of done) metrics.upkeepDone.set({ step, kind }, total);
  for (const { table, ahead, oldest } of tables) {
    metrics.monthsAhead.set({ table }, ahead);
    metrics.oldestMonth.set({ table }, Date.parse(oldest) / 1000);
  }
}

async function measureBudgets(db: Kysely<Database>, metrics: Metrics): Promise<void> {
  const { budgets, now } = await withSystemRole(db, 'upkeep', (tx) => listActiveBudgets(tx));
  for (const [of, left] of Object.entries(summariseBudgets(budgets, now))) {
    metrics.budgetsActive.set({ class: of }, left.active);
    for (const window of BUDGET_WINDOWS)
      for (const stat of BUDGET_STATS) metrics.budgetLeft.set({ class: of, window, stat }, left[window][stat]);
  }
}

async function measureQueues(client: MetricsPageDeps['client'], metrics: Metrics): Promise<void> {
  for (const { queue, type, tasks, ageMs } of await client.taskQueueBacklogs()) {
    metrics.queueBacklog.set({ queue, type }, tasks);
    metrics.queueAge.set({ queue, type }, ageMs / 1000);
  }
}

/** Measures how long a webhook waits for its answer. */
export const timeWebhooks =
  (metrics: Metrics, door: (typeof DOORS)[number]): RequestHandler =>
  (_req, res, next) => {
    const end = metrics.webhookAck.startTimer({ door });
    res.on('finish', () => end({ status: String(res.statusCode) }));
    next();
  };
