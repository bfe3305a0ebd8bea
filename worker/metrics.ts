import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { LOG_ALERT_NAMES, type LogAlert } from '../domain/log-alert.ts';
import type { LeadObserver } from '../activities/dependencies.ts';
import { DELIVERY_STATES, NOTICE_CHANNELS } from '../domain/notice.ts';
import { ATTEMPT_CLASSES, type AttemptClass } from '../domain/webhook-attempt.ts';
import type { NoticeObserver } from '../activities/notice-email.ts';
import type { BreakerState } from '../ghl/breaker.ts';
import type { CallRecord, GhlGateway } from '../ghl/gateway.ts';
import { UNVERSIONED } from '../domain/worker-deployment.ts';
import { type OperationName, operations } from '../ghl/operations.ts';
import { VERSION_STANDINGS, type VersionStanding } from './version-standing.ts';

export type WorkerMetrics = ReturnType<typeof createWorkerMetrics>;

/** How a breaker's state is told in a figure: the higher, the worse. */
const BREAKER_FIGURES: Record<BreakerState, number> = { closed: 0, 'half-open': 1, open: 2 };

/** The lanes by which calls are counted; tokens are asked for in none. */
export const CALL_LANES = ['interactive', 'sync', 'bulk', 'none'] as const;

/**
 * What a worker measures, on a registry of its own. Labels are words of this code alone: operations, lanes, codes.
 * @param breakerStates asked at each scrape
 * @param readVersion likewise; never throws
 */
export function createWorkerMetrics(
  breakerStates: GhlGateway['breakerStates'],
  readVersion: () => Promise<VersionStanding> = () => Promise.resolve(UNVERSIONED),
) {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const callSeconds = new Histogram({
    name: 'switchyard_ghl_call_seconds',
    help: 'Duration of a call to GHL, waiting for budget included',
    labelNames: ['operation', 'lane'] as const,
    buckets: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  const calls = new Counter({
    name: 'switchyard_ghl_calls_total',
    help: 'Calls to GHL by how they ended: ok, the code of the failure, or stopped where nobody wanted it any more',
    labelNames: ['operation', 'lane', 'outcome'] as const,
    registers,
  });
  new Gauge({
    name: 'switchyard_ghl_breaker_state',
    help: 'Groups of GHL’s endpoints: 0 called, 1 tried again with one call, 2 left alone',
    labelNames: ['group'] as const,
    registers,
    collect() {
      for (const [group, state] of breakerStates()) this.set({ group }, BREAKER_FIGURES[state]);
    },
  });
  new Gauge({
    name: 'switchyard_worker_version',
    help: 'How the version of this worker stands in Temporal: 1 at the word that holds',
    labelNames: ['status'] as const,
    registers,
    async collect() {
      const standing = await readVersion();
      for (const status of VERSION_STANDINGS) this.set({ status }, status === standing ? 1 : 0);
    },
  });
  const assignedSeconds = new Histogram({
    name: 'switchyard_lead_assigned_seconds',
    help: 'Time from a lead’s arrival to its first rep, when the assignment is committed',
    buckets: [0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600],
    registers,
  });
  const activityFailures = new Counter({
    name: 'switchyard_activity_failures_total',
    help: 'Attempts of activities that failed, by the failure’s code; those that are not final are tried again',
    labelNames: ['activity', 'failure', 'final'] as const,
    registers,
  });
  const webhookAttempts = new Counter({
    name: 'switchyard_webhook_attempts_total',
    help: 'Attempts to send a webhook to an endpoint, by the class of their result',
    labelNames: ['result'] as const,
    registers,
  });
  const deliveries = new Counter({
    name: 'switchyard_notice_deliveries_total',
    help: 'Deliveries of notices that have ended, by channel and how: sent, refused, unknown or suppressed',
    labelNames: ['channel', 'state'] as const,
    registers,
  });
  const noticeObserver: NoticeObserver = {
    ended: (channel, state, count) => deliveries.inc({ channel, state }, count),
  };
  const logAlerts = new Counter({
    name: 'switchyard_log_alerts_total',
    help: 'Log lines that want an operator, by the name of the alert',
    labelNames: ['alert'] as const,
    registers,
  });
  // A series that only begins with the first case shows no increase of it: what rules count is there from the start. The
  // codes of activities' failures are too many for that, so their rule reads a new series by its value.
  for (const alert of LOG_ALERT_NAMES) logAlerts.inc({ alert }, 0);
  for (const result of ATTEMPT_CLASSES) webhookAttempts.inc({ result }, 0);
  for (const channel of NOTICE_CHANNELS) for (const state of DELIVERY_STATES) deliveries.inc({ channel, state }, 0);
  for (const operation of Object.keys(operations) as OperationName[])
    for (const lane of CALL_LANES) calls.inc({ operation, lane, outcome: 'GhlInvalid' }, 0);
  const leadObserver: LeadObserver = { firstAssigned: (afterMs) => assignedSeconds.observe(afterMs / 1_000) };
  return {
    registry,
    activityFailures,
    leadObserver,
    /** Counts an attempt to send a webhook. */
    observeWebhook: (result: AttemptClass): void => webhookAttempts.inc({ result }),
    noticeObserver,
    countLogAlert: (alert: LogAlert): void => logAlerts.inc({ alert }),
    /** Counts a call that is over. */
    observeCall({ operation, lane, outcome, durationMs }: CallRecord): void {
      const of = { operation, lane: lane ?? 'none' };
      callSeconds.observe(of, durationMs / 1_000);
      calls.inc({ ...of, outcome });
    },
  };
}
