import type { RequestHandler } from 'express';
import type { Kysely } from 'kysely';
import { countOpenLetters } from '../db/dead-letter-list.ts';
import type { SwitchyardClient } from '../client.ts';
import { listActiveBudgets } from '../db/budget-measure.ts';
import { countInstalls } from '../db/install-measure.ts';
import { measureWaitingWork } from '../db/inbox-measure.ts';
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
import type { Metrics } from './metrics.ts';

/** Long after it was due a pass has not begun: polling stands still, or has more to do than it can. */
const POLL_LATE_MS = 3_600_000;

export interface MetricsPageDeps {
  db: Kysely<Database>;
  client: Pick<SwitchyardClient, 'taskQueueBacklogs'>;
  metrics: Metrics;
}

/**
 * `GET /metrics`: Prometheus. What stands in Postgres and waits in Temporal is measured when asked; while one of them is
 * away its last figures stand, and `switchyard_dependency_up` says so.
 */
export const reportMetrics =
  ({ db, client, metrics }: MetricsPageDeps): RequestHandler =>
  async (_req, res) => {
    const asking = async (dependency: 'postgres' | 'temporal', ask: () => Promise<void>): Promise<void> => {
      try {
        await ask();
        metrics.dependencyUp.set({ dependency }, 1);
      } catch {
        // A scrape that fails would hide every other figure just when they are needed.
        metrics.dependencyUp.set({ dependency }, 0);
      }
    };
    await Promise.all([
      asking('postgres', () => measureStored(db, metrics)),
      asking('temporal', () => measureQueues(client, metrics)),
    ]);
    res.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  };

async function measureStored(db: Kysely<Database>, metrics: Metrics): Promise<void> {
  const { pending, oldestMs } = await withSystemRole(db, 'relay', (tx) => measureWaitingWork(tx));
  metrics.inboxDepth.set(pending);
  metrics.inboxOldest.set(oldestMs / 1000);
  const installs = await withSystemRole(db, 'upkeep', (tx) => countInstalls(tx));
  for (const [status, count] of Object.entries(installs)) metrics.installs.set({ status }, count);
  const letters = await withSystemRole(db, 'upkeep', (tx) => countOpenLetters(tx));
  for (const capability of DEAD_LETTER_CAPABILITIES) metrics.deadLetters.set({ capability }, letters[capability] ?? 0);
  const endpoints = await withSystemRole(db, 'upkeep', (tx) => countEndpoints(tx));
  for (const [state, count] of Object.entries(endpoints)) metrics.webhookEndpoints.set({ state }, count);
  const late = { lateMs: POLL_LATE_MS, graceMs: POLL_POLICY.gapGraceMs, failures: STUCK_AFTER_FAILURES };
  const polling = await withSystemRole(db, 'upkeep', (tx) => measurePolling(tx, late));
  metrics.pollsOverdue.set(polling.overdue);
  // A cause that is over has no figure any more.
  metrics.pollsFailing.reset();
  for (const [cause, passes] of Object.entries(polling.failing)) metrics.pollsFailing.set({ cause }, passes);
  metrics.webhookGaps.set(polling.openGaps);
  for (const [resource, records] of Object.entries(polling.drift)) metrics.mirrorDrift.set({ resource }, records);
  await measureUpkeep(db, metrics);
  const notices = await withSystemRole(db, 'upkeep', (tx) => measureWaitingNotices(tx));
  for (const channel of NOTICE_CHANNELS) metrics.noticeOldest.set({ channel }, (notices[channel] ?? 0) / 1000);
  await measureBudgets(db, metrics);
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
    for (const window of ['window', 'day'] as const) {
      metrics.budgetLeft.set({ class: of, window, stat: 'min' }, left[window].min);
      metrics.budgetLeft.set({ class: of, window, stat: 'median' }, left[window].median);
    }
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
  (metrics: Metrics, door: 'ghl' | 'ghl-workflow'): RequestHandler =>
  (_req, res, next) => {
    const end = metrics.webhookAck.startTimer({ door });
    res.on('finish', () => end({ status: String(res.statusCode) }));
    next();
  };
