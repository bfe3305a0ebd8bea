import { afterEach, describe, expect, it, vi } from 'vitest';
import { createBreakers, DEFAULT_BREAKER } from '../../ghl/breaker.ts';
import { GhlUnavailableError } from '../../ghl/errors.ts';
import type { CallRecord } from '../../ghl/gateway.ts';
import { createWorkerMetrics } from '../../worker/metrics.ts';
import { createMemoryBreakerStore } from '../ghl/memory-stores.ts';
import { createTestLogger } from '../stack/test-logger.ts';
import { isMatch, readExpression } from './promql.ts';
import { readRules } from './rules.ts';

const SCRAPE_MS = 15_000;
const ruleOf = async (name: string) => (await readRules()).find(({ alert }) => alert === name)!;

/** Whether a rule on one gauge, or on its mean over some minutes, raises its alert within these samples. */
function doesFire(rule: { expr: string; for: string }, samples: number[]): boolean {
  const [, minutes = '0', operator, limit] = /(?:\[(\d+)m\])?\)*\s*(==|>)\s*([\d.]+)$/.exec(rule.expr)!;
  const inWindow = Math.max(1, (Number(minutes) * 60_000) / SCRAPE_MS);
  const inFor = (Number.parseInt(rule.for) * 60_000) / SCRAPE_MS;
  let held = 0;
  return samples.some((_, at) => {
    const window = samples.slice(Math.max(0, at + 1 - inWindow), at + 1);
    const value = window.reduce((sum, each) => sum + each, 0) / window.length;
    held = (operator === '==' ? value === Number(limit) : value > Number(limit)) ? held + 1 : 0;
    return held > inFor;
  });
}

/** What Prometheus reads of a breaker while its calls fail that come so often, and then not at all. */
async function scrapeOutage({ everyMs, callsMs, totalMs }: { everyMs: number; callsMs: number; totalMs: number }) {
  vi.useFakeTimers();
  const breakers = createBreakers(createMemoryBreakerStore(), DEFAULT_BREAKER, createTestLogger());
  const metrics = createWorkerMetrics(() => breakers.states());
  const call = () =>
    breakers
      .run('getContact', 'contacts', () =>
        Promise.reject(new GhlUnavailableError({ operation: 'getContact', reason: 'x', ambiguous: false })),
      )
      .catch(() => {});
  for (let turn = 0; turn < DEFAULT_BREAKER.minimumCalls; turn += 1) await call();
  const samples: number[] = [];
  for (let atMs = SCRAPE_MS; atMs <= totalMs; atMs += SCRAPE_MS) {
    await vi.advanceTimersByTimeAsync(SCRAPE_MS);
    if (atMs <= callsMs && atMs % everyMs === 0) await call();
    const { values } = (await metrics.registry.getSingleMetric('switchyard_ghl_breaker_state')!.get()) as {
      values: { value: number }[];
    };
    samples.push(values[0]!.value);
  }
  breakers.close();
  return samples;
}
afterEach(() => vi.useRealTimers());

describe('GhlLeftAlone', () => {
  const MINUTE_MS = 60_000;
  it.each([
    ['many steps wait, and each half minute one of them tries', 15_000],
    ['one step waits alone, which tries each minute', 60_000],
  ])('is raised by an outage in which %s', async (_what, everyMs) => {
    const samples = await scrapeOutage({ everyMs, callsMs: 20 * MINUTE_MS, totalMs: 20 * MINUTE_MS });
    expect(doesFire(await ruleOf('GhlLeftAlone'), samples)).toBe(true);
  });

  it('is not raised by a short trouble after which nobody calls', async () => {
    const samples = await scrapeOutage({ everyMs: 15_000, callsMs: 45_000, totalMs: 20 * MINUTE_MS });
    expect(samples).toContain(2);
    expect(samples.at(-1)).toBe(1);
    expect(doesFire(await ruleOf('GhlLeftAlone'), samples)).toBe(false);
  });
});

describe('GhlFails', () => {
  /** The share that the rule reads, when so many calls have ended so. */
  async function shareOf(ended: Partial<Record<CallRecord['outcome'], number>>): Promise<number> {
    const metrics = createWorkerMetrics(() => new Map());
    for (const [outcome, calls] of Object.entries(ended) as [CallRecord['outcome'], number][])
      for (let turn = 0; turn < calls; turn += 1)
        metrics.observeCall({
          operation: 'getContact',
          group: 'contacts',
          lane: 'interactive',
          ghlLocationId: null,
          outcome,
          status: null,
          durationMs: 1,
        });
    const counter = (await metrics.registry.getSingleMetric('switchyard_ghl_calls_total')!.get()).values;
    const { metrics: uses } = readExpression((await ruleOf('GhlFails')).expr);
    expect(uses).toHaveLength(2);
    const [failed, all] = uses.map(({ matchers }) =>
      counter
        .filter(({ labels }) => matchers.every((each) => isMatch(each, String(labels[each.label]))))
        .reduce((sum, { value }) => sum + value, 0),
    );
    return failed! / all!;
  }

  it('reads what became of the calls that were sent, however many an open breaker or a stop ended', async () => {
    expect(await shareOf({ GhlUnavailable: 20, GhlCircuitOpen: 900, stopped: 100 })).toBe(1);
    expect(await shareOf({ ok: 90, GhlUnavailable: 10, GhlCircuitOpen: 900 })).toBe(0.1);
  });
});
