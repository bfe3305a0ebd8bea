import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { EventSource, EventStatus } from '../db/schema/events.ts';
import { LOG_ALERT_NAMES } from '../domain/log-alert.ts';
import { REFUSAL_REASONS } from '../domain/refused-signatures.ts';
import { HANDOVER_OUTCOMES } from './relay-policy.ts';

export type Metrics = ReturnType<typeof createMetrics>;

/** The doors by which webhooks come. */
export const DOORS = ['ghl', 'ghl-workflow'] as const;
/** What the API asks at each scrape. */
export const DEPENDENCIES = ['postgres', 'temporal'] as const;
/** Of which of GHL's limits a budget tells, and what of many. */
export const BUDGET_WINDOWS = ['window', 'day'] as const;
export const BUDGET_STATS = ['min', 'median'] as const;
/** Who hands work to Temporal: the process that took its event, or the relay. */
export const STARTERS = ['process', 'relay'] as const;

/** What the API measures, on a registry of its own so that two of them can live in one process. */
export function createMetrics() {
  const registry = new Registry();
  const metrics = defineMetrics(registry);
  // A series that only begins with the first case shows no increase of it: what rules count is there from the start.
  for (const alert of LOG_ALERT_NAMES) metrics.logAlerts.inc({ alert }, 0);
  for (const reason of REFUSAL_REASONS) metrics.refusedDeliveries.inc({ reason }, 0);
  for (const door of DOORS) for (const status of ['200', '429']) metrics.webhookAck.zero({ door, status });
  for (const by of STARTERS) for (const outcome of HANDOVER_OUTCOMES) metrics.starts.inc({ by, outcome }, 0);
  return metrics;
}

function defineMetrics(registry: Registry) {
  const registers = [registry];
  return {
    registry,
    logAlerts: new Counter({
      name: 'switchyard_log_alerts_total',
      help: 'Log lines that want an operator, by the name of the alert',
      labelNames: ['alert'] as const,
      registers,
    }),
    webhookAck: new Histogram({
      name: 'switchyard_webhook_ack_seconds',
      help: 'Time from a webhook request to its answer',
      labelNames: ['door', 'status'] as const,
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
    events: new Counter({
      name: 'switchyard_events_total',
      help: 'Events taken in, by class of type and by status; a repeat changes nothing',
      labelNames: ['source', 'class', 'status'] as const,
      registers,
    }),
    refusedDeliveries: new Counter({
      name: 'switchyard_refused_deliveries_total',
      help: 'Webhooks whose signature was refused',
      labelNames: ['reason'] as const,
      registers,
    }),
    starts: new Counter({
      name: 'switchyard_workflow_handovers_total',
      help: 'Work handed to Temporal, by who did it and how it went',
      labelNames: ['by', 'outcome'] as const,
      registers,
    }),
    startsInFlight: new Gauge({
      name: 'switchyard_workflow_starts_in_flight',
      help: 'Workflow starts that have not been answered yet',
      registers,
    }),
    inboxDepth: new Gauge({
      name: 'switchyard_inbox_depth',
      help: 'Work that Temporal has not been given yet',
      registers,
    }),
    inboxOldest: new Gauge({
      name: 'switchyard_inbox_oldest_seconds',
      help: 'Age of the oldest work in the inbox that does not wait by design',
      registers,
    }),
    unplacedLeads: new Gauge({
      name: 'switchyard_leads_unplaced',
      help: 'Leads without a place that wait for nothing lawful and of which no dead letter tells',
      registers,
    }),
    unplacedOldest: new Gauge({
      name: 'switchyard_leads_unplaced_oldest_seconds',
      help: 'Age of the oldest of them',
      registers,
    }),
    installs: new Gauge({
      name: 'switchyard_installs',
      help: 'Authority in GHL by state; needs_reauth waits for a person to connect it again',
      labelNames: ['status'] as const,
      registers,
    }),
    webhookEndpoints: new Gauge({
      name: 'switchyard_webhook_endpoints',
      help: 'Where agencies have webhooks sent, by state; disabled-failing and disabled-gone were not disabled by a person',
      labelNames: ['state'] as const,
      registers,
    }),
    pollsOverdue: new Gauge({
      name: 'switchyard_polls_overdue',
      help: 'Passes of polling that should have begun more than an hour ago',
      registers,
    }),
    pollsFailing: new Gauge({
      name: 'switchyard_polls_failing',
      help: 'Passes of polling that have failed three times or more in a row, by the code of the last failure',
      labelNames: ['cause'] as const,
      registers,
    }),
    webhookGaps: new Gauge({
      name: 'switchyard_webhook_gaps',
      help: 'Changes of the last day that polling found and no webhook told',
      registers,
    }),
    mirrorDrift: new Gauge({
      name: 'switchyard_mirror_drift_records',
      help: 'Records in which mirror and GHL differed at the end of the last sweep, by resource',
      labelNames: ['resource'] as const,
      registers,
    }),
    deadLetters: new Gauge({
      name: 'switchyard_dead_letters',
      help: 'Work that stopped for good and waits for an operator, by capability',
      labelNames: ['capability'] as const,
      registers,
    }),
    upkeepSuccess: new Gauge({
      name: 'switchyard_upkeep_last_success_timestamp_seconds',
      help: 'When upkeep last did all its steps; 0 for never',
      registers,
    }),
    upkeepDone: new Gauge({
      name: 'switchyard_upkeep_done',
      help: 'What upkeep has done since the database was made: months made and dropped, rows trimmed, stale things closed',
      labelNames: ['step', 'kind'] as const,
      registers,
    }),
    monthsAhead: new Gauge({
      name: 'switchyard_partitions_ahead_months',
      help: 'Monthly partitions that are there already for the months to come, by table',
      labelNames: ['table'] as const,
      registers,
    }),
    oldestMonth: new Gauge({
      name: 'switchyard_partitions_oldest_timestamp_seconds',
      help: 'When the oldest monthly partition begins, by table',
      labelNames: ['table'] as const,
      registers,
    }),
    budgetLeft: new Gauge({
      name: 'switchyard_ghl_budget_left_ratio',
      help: 'Share of GHL’s request budget that is left, of what was called in the last minute: the least and the median',
      labelNames: ['class', 'window', 'stat'] as const,
      registers,
    }),
    budgetsActive: new Gauge({
      name: 'switchyard_ghl_budgets_active',
      help: 'Locations and companies that were called in the last minute',
      labelNames: ['class'] as const,
      registers,
    }),
    queueBacklog: new Gauge({
      name: 'switchyard_task_queue_backlog',
      help: 'Tasks that wait in Temporal for a worker, by task queue',
      labelNames: ['queue', 'type'] as const,
      registers,
    }),
    queueAge: new Gauge({
      name: 'switchyard_task_queue_backlog_age_seconds',
      help: 'How long the oldest task of the queue has waited',
      labelNames: ['queue', 'type'] as const,
      registers,
    }),
    dependencyUp: new Gauge({
      name: 'switchyard_dependency_up',
      help: '1 when Postgres or Temporal answered this scrape; the figures that come from it are old otherwise',
      labelNames: ['dependency'] as const,
      registers,
    }),
    noticeOldest: new Gauge({
      name: 'switchyard_notice_oldest_seconds',
      help: 'How long the oldest delivery of a notice has waited, by channel; 0 when none waits',
      labelNames: ['channel'] as const,
      registers,
    }),
    silentLocations: new Gauge({
      name: 'switchyard_silent_locations',
      help: 'Locations that normally send events and have stopped',
      registers,
    }),
  };
}

const CLASSES = ['Contact', 'Opportunity', 'User', 'Lead', 'INSTALL', 'UNINSTALL'];

/** Counts an event. Types come from outside, so only their class is a label. */
export function countEvent(
  metrics: Metrics,
  event: { source: EventSource; type: string; status: EventStatus | 'repeat' },
): void {
  const found = CLASSES.find((prefix) => event.type.startsWith(prefix)) ?? 'other';
  metrics.events.inc({ source: event.source, class: found.toLowerCase(), status: event.status });
}
