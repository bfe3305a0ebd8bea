import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMetrics } from '../../api/metrics.ts';
import { createWorkerMetrics } from '../../worker/metrics.ts';
import { readExpression } from '../ops/promql.ts';
import { listExpressions } from '../ops/rules.ts';
import { somebody } from '../stack/lead-harness.ts';
import { waitFor } from '../stack/wait.ts';
import { type ObservedSystem, startObservedSystem } from './observed-system.ts';

/** Prometheus gives these to whatever it scrapes, and makes the metric `up` by itself. */
const OF_TARGETS = ['job', 'instance'];
const OF_PROMETHEUS = new Map([['up', new Set<string>()]]);
/** On a page, and in no rule or panel. */
const UNUSED = new Set<string>();

let system: ObservedSystem;
/** Labels by metric, as the pages show them; a histogram under the names of its series. */
let shown: Map<string, Set<string>>;
let families: string[];
let api: string;
let worker: string;

beforeAll(async () => {
  system = await startObservedSystem({ exports: false });
  await system.simulator.addFault({ method: 'POST', path: '/contacts/upsert$', status: 503, times: 1 });
  for (let turn = 0; turn < 3; turn += 1) {
    const { postcode: postalCode, ...person } = somebody('02116');
    await system.simulator.createContact({ locationId: 'one-loc-master', postalCode: postalCode!, ...person });
  }
  const unsigned = await fetch(system.pages.api.replace('/metrics', '/webhooks/ghl'), { method: 'POST', body: '{}' });
  expect(unsigned.status).toBe(401);
  const { ownerDb } = system.database;
  await waitFor('all leads to be with a rep, and GHL to be told', async () => {
    const told = await ownerDb.selectFrom('assignments').select('id').where('ghl_task_id', 'is not', null).execute();
    return told.length === 3;
  });
  await waitFor('the first run of upkeep, which the API’s schedule asks for', async () => {
    const page = await (await fetch(system.pages.api)).text();
    return /^switchyard_upkeep_last_success_timestamp_seconds [1-9]/m.test(page);
  });
  const pages = await Promise.all(Object.values(system.pages).map(async (url) => (await fetch(url)).text()));
  api = pages[0]!;
  worker = pages[1]!;
  families = pages.flatMap((page) => [...page.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name!));
  shown = readSamples(pages.join('\n'));
  // A metric without a sample yet has its labels all the same.
  const registries = [createMetrics().registry, createWorkerMetrics(() => new Map()).registry];
  for (const metric of registries.flatMap((registry) => registry.getMetricsAsArray())) {
    const { name, labelNames } = metric as unknown as { name: string; labelNames: string[] };
    if (families.includes(name)) shown.set(name, new Set([...(shown.get(name) ?? []), ...labelNames]));
  }
});
afterAll(() => system.stop());

function readSamples(page: string): Map<string, Set<string>> {
  const samples = new Map<string, Set<string>>();
  for (const [, name, labels = ''] of page.matchAll(/^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$/gm)) {
    const known = samples.get(name!) ?? new Set();
    for (const [, label] of labels.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)) known.add(label!);
    samples.set(name!, known);
  }
  return samples;
}

const sumOf = (name: string, labels = ''): number =>
  [...worker.matchAll(new RegExp(`^${name}\\{[^}]*${labels}[^}]*\\} (\\S+)$`, 'gm'))].reduce(
    (sum, [, value]) => sum + Number(value),
    0,
  );

describe('the pages of a system that runs', () => {
  it('have every metric and label that the alert rules and the dashboard use', async () => {
    const missing: string[] = [];
    for (const { where, expression } of await listExpressions()) {
      const { metrics, groupedBy } = readExpression(expression);
      for (const { name, matchers } of metrics) {
        const known = OF_PROMETHEUS.get(name) ?? shown.get(name);
        if (!known) missing.push(`${where}: ${name}`);
        const wanted = [...matchers.map(({ label }) => label), ...groupedBy].filter(
          (label) => known?.has(label) !== true && !OF_TARGETS.includes(label),
        );
        if (known && wanted.length > 0) missing.push(`${where}: ${name}{${wanted.join()}}`);
      }
    }
    expect(missing).toEqual([]);
  });

  it('have no metric of ours that nobody looks at', async () => {
    const used = (await listExpressions()).flatMap(({ expression }) =>
      readExpression(expression).metrics.map(({ name }) => name.replace(/_(bucket|count|sum)$/, '')),
    );
    const ours = families.filter((name) => name.startsWith('switchyard_'));
    expect(ours.length).toBeGreaterThan(20);
    expect(ours.filter((name) => !used.includes(name) && !UNUSED.has(name))).toEqual([]);
  });

  it('tell what happened: leads assigned, calls to GHL, and the one that failed and was tried again', () => {
    expect(worker).toMatch(/^switchyard_lead_assigned_seconds_count 3$/m);
    expect(sumOf('switchyard_ghl_calls_total', 'operation="createTask",lane="interactive",outcome="ok"')).toBe(3);
    expect(sumOf('switchyard_ghl_call_seconds_count', 'operation="createTask"')).toBe(3);
    expect(sumOf('switchyard_ghl_calls_total', 'operation="upsertContact".*outcome="GhlUnavailable"')).toBe(1);
    expect(sumOf('switchyard_activity_failures_total', 'failure="GhlUnavailable",final="false"')).toBe(1);
    expect(worker).toMatch(/^switchyard_ghl_breaker_state\{group="contacts"\} 0$/m);
    expect(sumOf('temporal_worker_task_slots_available')).toBeGreaterThan(0);
  });

  it('tell that upkeep was done when the API started, and how far the months reach', () => {
    const [, at] = /^switchyard_upkeep_last_success_timestamp_seconds (\S+)$/m.exec(api) ?? [];
    expect(Math.abs(Number(at) - Date.now() / 1000)).toBeLessThan(300);
    expect(api).toMatch(/^switchyard_partitions_ahead_months\{table="events"\} 11$/m);
    const [, oldest] = /^switchyard_partitions_oldest_timestamp_seconds\{table="audit_log"\} (\S+)$/m.exec(api) ?? [];
    expect(new Date(Number(oldest) * 1000).toISOString()).toMatch(/-01T00:00:00\.000Z$/);
  });

  it('name no location, lead or person in a label', () => {
    for (const label of new Set([...shown.values()].flatMap((labels) => [...labels])))
      expect(label).not.toMatch(/agency|location|lead_id|contact|email|phone/i);
    expect(worker).not.toContain(system.agency.agencyId);
  });
});

describe('a lead whose step fails in vain', () => {
  it('shows by its age on the API’s page and by an alert of the log on the worker’s, until the cause is mended', async () => {
    const { ownerDb } = system.database;
    const pageOf = async (url: string): Promise<string> => (await fetch(url)).text();
    const oldest = async (): Promise<number> =>
      Number(/^switchyard_leads_unplaced_oldest_seconds (\S+)$/m.exec(await pageOf(system.pages.api))?.[1]);
    expect(await pageOf(system.pages.worker)).toMatch(/^switchyard_log_alerts_total\{alert="step-unforeseen"\} 0$/m);
    expect(await oldest()).toBe(0);
    await sql
      .raw(
        `create function fail() returns trigger language plpgsql as $$ begin raise exception 'x' using errcode = 'P0001'; end $$;
         create trigger fails before insert on assignments execute function fail()`,
      )
      .execute(ownerDb);
    const { postcode: postalCode, ...person } = somebody('02116');
    await system.simulator.createContact({ locationId: 'one-loc-master', postalCode: postalCode!, ...person });
    await waitFor('the step to fail', async () =>
      /^switchyard_log_alerts_total\{alert="step-unforeseen"\} [1-9]/m.test(await pageOf(system.pages.worker)),
    );
    const twoHoursAgo = new Date(Date.now() - 2 * 3_600_000);
    await ownerDb.updateTable('leads').set({ received_at: twoHoursAgo }).where('state', '=', 'received').execute();
    expect(await oldest()).toBeGreaterThan(7_190);
    await sql.raw(`drop trigger fails on assignments; drop function fail()`).execute(ownerDb);
    await waitFor('the lead to have its place', async () => (await oldest()) === 0);
  });
});

describe('an alert in the API’s log', () => {
  it('is counted on its page', async () => {
    const door = system.pages.api.replace('/metrics', '/webhooks/ghl');
    for (let turn = 0; turn < 25; turn += 1) await fetch(door, { method: 'POST', body: '{}' });
    await waitFor('the alert', async () =>
      /^switchyard_log_alerts_total\{alert="webhook-signatures-refused"\} 1$/m.test(
        await (await fetch(system.pages.api)).text(),
      ),
    );
  });
});

describe('a system without a collector of traces', () => {
  it('names traces in its log lines all the same, from API to worker, and delivers none', async () => {
    const failed = await waitFor('the worker’s line', () =>
      system.logLines().find((line) => line['process'] === 'worker' && String(line['msg']).includes('Activity failed')),
    );
    const { traceId } = failed;
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    const request = system.logLines().find((line) => line['process'] === 'api' && line['traceId'] === traceId);
    expect(request?.['route']).toBe('/webhooks/ghl');
    expect(system.traces.bodies).toEqual([]);
  });
});
