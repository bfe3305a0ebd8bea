import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { decideRetry } from '../../simulator/webhooks/retry.ts';
import type { DeliveryStats } from '../../simulator/webhooks/delivery.ts';
import { one, startHarness } from './harness.ts';
import type { Harness } from './harness.ts';
import { startReceiver } from './receiver.ts';
import type { Receiver } from './receiver.ts';

let harness: Harness;
let receiver: Receiver;
beforeEach(async () => {
  [harness, receiver] = await Promise.all([startHarness(), startReceiver()]);
  await harness.control.setWebhooks({ url: receiver.url, retryBaseMs: 1 });
});
afterEach(async () => {
  await harness.simulator.close();
  await receiver.close();
});

const send = (n = 0): Promise<unknown> =>
  harness.control.sendWebhook({ type: 'ContactUpdate', locationId: one, body: { n } });
const settled = (expected: Partial<DeliveryStats>): Promise<void> =>
  vi.waitFor(async () => {
    expect((await harness.control.getStats()).webhooks).toMatchObject({ pending: 0, ...expected });
  }, 8_000);

describe('delivery', () => {
  it('repeats an event unchanged until the first 2xx', async () => {
    receiver.answer = (count) => (count < 4 ? 500 : 200);
    await send();
    await settled({ delivered: 1, attempts: 4 });
    expect(new Set(receiver.received.map(({ raw }) => raw.toString())).size).toBe(1);
    expect(new Set(receiver.received.map(({ headers }) => headers['deliveryid'])).size).toBe(1);
  });

  it('gives up an event under the old policy on anything but 429', async () => {
    await harness.control.setWebhooks({ retryPolicy: '2025' });
    receiver.answer = (count) => (count === 1 ? 429 : 503);
    await send();
    await settled({ failed: 1, attempts: 2 });
  });

  it('repeats an event whose receiver does not answer in time', async () => {
    await harness.control.setWebhooks({ timeoutMs: 50 });
    receiver.answer = (count) => (count === 1 ? null : 200);
    await send();
    await settled({ delivered: 1, attempts: 2 });
  });

  it('duplicates and drops at the rates it is told', async () => {
    await harness.control.setWebhooks({ duplicateRate: 1 });
    await send();
    await settled({ delivered: 2, duplicated: 1 });
    expect(receiver.received[0]?.json['webhookId']).toBe(receiver.received[1]?.json['webhookId']);
    await harness.control.setWebhooks({ dropRate: 1 });
    await send();
    await settled({ delivered: 2, dropped: 1 });
  });

  it('delivers out of order within the time it is told', async () => {
    await harness.control.setWebhooks({ reorderWithinMs: 100 });
    for (let n = 0; n < 12; n += 1) await send(n);
    await settled({ delivered: 12 });
    const order = receiver.received.map(({ json }) => Number(json['n']));
    expect(order).not.toEqual(order.toSorted((a, b) => a - b));
  });

  it('holds events while paused and delivers them afterwards', async () => {
    await harness.control.setWebhooks({ paused: true });
    await send();
    await send();
    expect((await harness.control.getStats()).webhooks).toMatchObject({ pending: 2, attempts: 0 });
    await harness.control.setWebhooks({ paused: false });
    await settled({ delivered: 2 });
  });

  it('keeps to its bound of deliveries at a time', async () => {
    await harness.control.setWebhooks({ concurrency: 2, paused: true });
    for (let n = 0; n < 10; n += 1) await send(n);
    await harness.control.setWebhooks({ paused: false });
    await settled({ delivered: 10 });
    expect(receiver.busiest).toBeLessThanOrEqual(2);
  });
});

describe('decideRetry', () => {
  const policy = (retryPolicy: '2025' | '2026', retryBaseMs: number | null = null) => ({ retryPolicy, retryBaseMs });

  it.each([
    [200, 1, policy('2026'), { waitMs: null, reason: 'delivered' }],
    [302, 1, policy('2026', 100), { waitMs: 100, reason: 'retry' }],
    [null, 3, policy('2026', 100), { waitMs: 400, reason: 'retry' }],
    [500, 12, policy('2026'), { waitMs: 3_600_000, reason: 'retry' }],
    [500, 13, policy('2026'), { waitMs: null, reason: 'exhausted' }],
    [429, 1, policy('2025'), { waitMs: 660_000, reason: 'retry' }],
    [429, 7, policy('2025'), { waitMs: null, reason: 'exhausted' }],
    [500, 1, policy('2025'), { waitMs: null, reason: 'not retried' }],
  ])('answers status %s after attempt %s', (status, attempts, settings, expected) => {
    expect(decideRetry(status, attempts, settings, 0.5)).toEqual(expected);
  });
});
