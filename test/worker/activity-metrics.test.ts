import { MockActivityEnvironment } from '@temporalio/testing';
import { ApplicationFailure } from '@temporalio/common';
import { DefaultLogger } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { countFailures } from '../../worker/activity-metrics.ts';
import { createWorkerMetrics } from '../../worker/metrics.ts';

/** The activities fail on purpose. */
const logger = new DefaultLogger('ERROR');

/** Runs a failing activity with the interceptor around it, and returns what is counted. */
async function countOf(error: Error): Promise<string[]> {
  const metrics = createWorkerMetrics(() => new Map());
  const environment = new MockActivityEnvironment(
    { activityType: 'placeLead' },
    { logger, interceptors: [(context) => ({ inbound: countFailures(metrics)(context) })] },
  );
  await expect(environment.run(() => Promise.reject(error))).rejects.toBe(error);
  const text = await metrics.registry.metrics();
  return text.split('\n').filter((line) => line.startsWith('switchyard_activity_failures_total{'));
}

const line = (failure: string, final: boolean): string =>
  `switchyard_activity_failures_total{activity="placeLead",failure="${failure}",final="${final}"} 1`;

describe('a failed attempt of an activity', () => {
  it('is counted with its code, and whether it is tried again', async () => {
    expect(await countOf(ApplicationFailure.create({ type: 'GhlUnavailable' }))).toEqual([
      line('GhlUnavailable', false),
    ]);
    expect(await countOf(ApplicationFailure.create({ type: 'GhlForbidden', nonRetryable: true }))).toEqual([
      line('GhlForbidden', true),
    ]);
    expect(await countOf(new TypeError('x'))).toEqual([line('TypeError', false)]);
  });

  it('never brings a text from outside into a label', async () => {
    const type = 'nobody@example.com has "asked"';
    expect(await countOf(ApplicationFailure.create({ type }))).toEqual([line('other', false)]);
  });
});
