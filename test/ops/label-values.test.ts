import { STATUS_CODES } from 'node:http';
import { readFile } from 'node:fs/promises';
import type { Registry } from 'prom-client';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { BUDGET_STATS, BUDGET_WINDOWS, createMetrics, DEPENDENCIES } from '../../api/metrics.ts';
import { HANDOVER_OUTCOMES } from '../../api/relay-policy.ts';
import { TASK_QUEUES } from '../../client/task-queues.ts';
import { INSTALL_STATUSES } from '../../db/install-measure.ts';
import { DEAD_LETTER_CAPABILITIES } from '../../domain/dead-letter.ts';
import { LOG_ALERT_NAMES } from '../../domain/log-alert.ts';
import { REFUSAL_REASONS } from '../../domain/refused-signatures.ts';
import { DELIVERY_STATES, NOTICE_CHANNELS } from '../../domain/notice.ts';
import { ATTEMPT_CLASSES } from '../../domain/webhook-attempt.ts';
import { ENDPOINT_FIGURES } from '../../db/webhook-endpoints.ts';
import { CALL_OUTCOMES } from '../../ghl/gateway.ts';
import { CALL_LANES, createWorkerMetrics } from '../../worker/metrics.ts';
import { VERSION_STANDINGS } from '../../worker/version-standing.ts';
import { isMatch, type MetricUse, namedValues, readExpression } from './promql.ts';
import { listExpressions, readRules } from './rules.ts';

/** The values that the code gives a label, by metric and label. */
const GIVEN = new Map<string, readonly string[]>([
  ['switchyard_dead_letters capability', DEAD_LETTER_CAPABILITIES],
  ['switchyard_dependency_up dependency', DEPENDENCIES],
  ['switchyard_ghl_budget_left_ratio stat', BUDGET_STATS],
  ['switchyard_ghl_budget_left_ratio window', BUDGET_WINDOWS],
  ['switchyard_ghl_call_seconds lane', CALL_LANES],
  ['switchyard_ghl_calls_total outcome', CALL_OUTCOMES],
  ['switchyard_activity_failures_total final', ['true', 'false']],
  ['switchyard_installs status', INSTALL_STATUSES],
  ['switchyard_log_alerts_total alert', LOG_ALERT_NAMES],
  ['switchyard_notice_deliveries_total channel', NOTICE_CHANNELS],
  ['switchyard_notice_deliveries_total state', DELIVERY_STATES],
  ['switchyard_notice_oldest_seconds channel', NOTICE_CHANNELS],
  ['switchyard_refused_deliveries_total reason', REFUSAL_REASONS],
  ['switchyard_task_queue_backlog_age_seconds queue', TASK_QUEUES.map(({ queue }) => queue)],
  ['switchyard_webhook_ack_seconds status', Object.keys(STATUS_CODES)],
  ['switchyard_webhook_attempts_total result', ATTEMPT_CLASSES],
  ['switchyard_webhook_endpoints state', ENDPOINT_FIGURES],
  ['switchyard_worker_version status', VERSION_STANDINGS],
  ['switchyard_workflow_handovers_total outcome', HANDOVER_OUTCOMES],
]);

/** What Prometheus calls whatever it scrapes. */
let jobs: string[];

const familyOf = (name: string): string => name.replace(/_(bucket|count|sum)$/, '');

beforeAll(async () => {
  const config = parse(await readFile(new URL('../../ops/prometheus/prometheus.yml', import.meta.url), 'utf8')) as {
    scrape_configs: { job_name: string }[];
  };
  jobs = config.scrape_configs.map((job) => job.job_name);
});

/** The series of a metric as a process has them before anything has happened. */
async function seriesAtStart(use: MetricUse): Promise<number[]> {
  const registries: Registry[] = [createMetrics().registry, createWorkerMetrics(() => new Map()).registry];
  const values: number[] = [];
  for (const registry of registries) {
    const metric = await registry.getSingleMetric(familyOf(use.name))?.get();
    for (const { labels, value, ...series } of metric?.values ?? []) {
      // A histogram's series have names of their own.
      const { metricName = use.name } = series as { metricName?: string };
      const isAsked = use.matchers.every((each) =>
        isMatch(each, String((labels as Record<string, unknown>)[each.label])),
      );
      if (metricName === use.name && isAsked) values.push(value);
    }
  }
  return values;
}

describe('the alert rules and the dashboard', () => {
  it('ask for values of labels that the code gives, and for none besides', async () => {
    const wrong: string[] = [];
    for (const { where, expression } of await listExpressions())
      for (const { name, matchers } of readExpression(expression).metrics)
        for (const matcher of matchers) {
          const given = matcher.label === 'job' ? jobs : GIVEN.get(`${familyOf(name)} ${matcher.label}`);
          if (!given) wrong.push(`${where}: nobody knows the values of ${matcher.label} in ${name}`);
          for (const named of namedValues(matcher))
            if (given && !given.some((value) => named.test(value)))
              wrong.push(`${where}: ${matcher.label} ${named.source}`);
        }
    expect(wrong).toEqual([]);
  });

  it('have values of labels explained that the code gives, and no others', async () => {
    const operations = await readFile(new URL('../../docs/operations.md', import.meta.url), 'utf8');
    const wrong: string[] = [];
    let explained = 0;
    for (const { alert, expr } of await readRules()) {
      const { metrics, groupedBy } = readExpression(expr);
      const given = metrics.flatMap(({ name }) =>
        groupedBy.flatMap((label) => GIVEN.get(`${familyOf(name)} ${label}`) ?? []),
      );
      const section = operations.split(`### ${alert}\n`)[1]!.split('\n### ')[0]!;
      for (const [words] of section.matchAll(/(?:`[a-z][a-z-]*`, )*`[a-z][a-z-]*`:/g))
        for (const [, word] of words.matchAll(/`([a-z-]+)`/g)) {
          explained += 1;
          if (!given.includes(word!)) wrong.push(`${alert}: ${word}`);
        }
    }
    expect(wrong).toEqual([]);
    expect(explained).toBeGreaterThan(10);
  });

  it('count no rare thing whose series begins with its first case', async () => {
    const rules = await readRules();
    const counted = rules.flatMap(({ alert, expr }) =>
      [...expr.matchAll(/(?:increase\(|^sum\(rate\()(\w+(?:\{[^}]*\})?)\[[^\]]*\]\)+ >/g)].map(([, selector]) => {
        return {
          alert,
          use: readExpression(selector!).metrics[0]!,
          readsNewSeries: /\bunless \w+ offset\b/.test(expr),
        };
      }),
    );
    expect(counted.map(({ alert }) => alert)).toEqual(
      expect.arrayContaining(['WorkBuried', 'WebhooksSentAway', 'SignaturesRefused', 'LogAlerts', 'StepsFailForGood']),
    );
    for (const { alert, use, readsNewSeries } of counted) {
      const values = await seriesAtStart(use);
      expect(readsNewSeries || values.length > 0, alert).toBe(true);
      expect(values, alert).toEqual(values.map(() => 0));
    }
  });
});
