import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decideUrlState } from '../../simulator/webhooks/breaker.ts';
import { decideRetry } from '../../simulator/webhooks/retry.ts';
import type { DeliveryStats } from '../../simulator/webhooks/delivery.ts';
import { waitToPass } from '../stack/wait.ts';
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
  waitToPass(async () => {
    expect((await harness.control.getStats()).webhooks).toMatchObject({ pending: 0, ...expected });
  });

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
    await harness.control.setWebhooks({ timeoutMs: 1_000 });
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

describe('the simulator’s clock', () => {
  it('brings the retries of hours at once', async () => {
    await harness.control.setWebhooks({ retryBaseMs: null });
    receiver.answer = (count) => (count < 3 ? 500 : 200);
    await send();
    await waitToPass(() => {
      expect(receiver.received.length).toBe(1);
    });
    await waitToPass(async () => {
      await harness.control.advanceClock(60_000);
      expect((await harness.control.getStats()).webhooks).toMatchObject({ delivered: 1, attempts: 3 });
    });
  });

  it('stamps repeated attempts anew only where GHL is told to', async () => {
    await harness.control.setWebhooks({ freshTimestamp: true, retryBaseMs: 60_000 });
    receiver.answer = (count) => (count === 1 ? 500 : 200);
    await send();
    await waitToPass(async () => {
      await harness.control.advanceClock(60_000);
      expect(receiver.received.length).toBe(2);
    });
    const [first, second] = receiver.received.map(({ json }) => json);
    expect(second?.['webhookId']).toBe(first?.['webhookId']);
    expect(Date.parse(String(second?.['timestamp']))).toBeGreaterThan(Date.parse(String(first?.['timestamp'])));
  });
});

describe('the delivery log', () => {
  it('keeps each attempt and its end, and sends again by hand', async () => {
    receiver.answer = (count) => (count === 1 ? 503 : 200);
    await send(7);
    await settled({ delivered: 1 });
    const [logged] = await harness.control.listDeliveries({ type: 'ContactUpdate', state: 'delivered' });
    expect(logged?.attempts.map(({ status }) => status)).toEqual([503, 200]);
    await harness.control.replayDelivery(logged?.deliveryId ?? '');
    await settled({ delivered: 2 });
    expect(receiver.received[2]?.raw).toEqual(receiver.received[0]?.raw);
    expect(receiver.received[2]?.headers['deliveryid']).not.toBe(receiver.received[0]?.headers['deliveryid']);
    expect(await harness.control.listDeliveries({ limit: 1 })).toMatchObject([
      { webhookId: receiver.received[0]?.json['webhookId'], attempts: [{ status: 200 }] },
    ]);
  });

  it('knows what was dropped on the way', async () => {
    await harness.control.setWebhooks({ dropRate: 1 });
    await send();
    expect(await harness.control.listDeliveries()).toMatchObject([{ state: 'dropped', attempts: [] }]);
    await expect(harness.control.replayDelivery('none')).rejects.toMatchObject({ status: 400 });
  });
});

describe('the breaker of a URL', () => {
  const hour = 3_600_000;
  /** Lets a check period pass in which nine of ten webhooks fail. */
  const failForOnePeriod = async (): Promise<void> => {
    const before = receiver.received.length;
    receiver.answer = (count) => ((count - before) % 10 === 0 ? 200 : 400);
    const { attempts } = (await harness.control.getStats()).webhooks;
    for (let n = 0; n < 10; n += 1) await send(n);
    await settled({ attempts: attempts + 10 });
    await harness.control.advanceClock(hour);
  };
  const state = async (): Promise<unknown> => (await harness.control.listUrls()).map((url) => url.state);
  beforeEach(async () => {
    // Under the older policy a refusal is final, so that each webhook is one attempt.
    await harness.control.setWebhooks({ retryPolicy: '2025' });
    await harness.control.setWebhooks({ breaker: { windowMs: hour, checkEveryMs: hour, moreThan: 9 } });
  });

  it('warns at the first check and pauses at the next; what comes then is lost until the URL is enabled', async () => {
    await failForOnePeriod();
    expect(await state()).toEqual(['warned']);
    await failForOnePeriod();
    expect(await state()).toEqual(['paused']);
    await send();
    await settled({ refused: 1, attempts: 20 });
    expect(await harness.control.listDeliveries({ state: 'refused' })).toHaveLength(1);
    await harness.control.enableUrl(receiver.url);
    receiver.answer = () => 200;
    await send();
    await settled({ refused: 1, attempts: 21 });
    expect(await state()).toEqual(['ok']);
  });

  it('keeps webhooks for a paused URL where GHL is told to', async () => {
    await harness.control.setWebhooks({ breaker: { whenPaused: 'keep' } });
    await failForOnePeriod();
    await failForOnePeriod();
    const { delivered } = (await harness.control.getStats()).webhooks;
    await send();
    expect((await harness.control.getStats()).webhooks).toMatchObject({ pending: 1, attempts: 20 });
    receiver.answer = () => 200;
    await harness.control.enableUrl(receiver.url);
    await settled({ delivered: delivered + 1, attempts: 21, refused: 0 });
  });

  it('forgets a warning after a quiet period, and never warns below its number', async () => {
    await failForOnePeriod();
    await harness.control.advanceClock(hour);
    expect(await state()).toEqual(['ok']);
    await harness.control.setWebhooks({ breaker: { moreThan: 10 } });
    await failForOnePeriod();
    expect(await state()).toEqual(['ok']);
  });

  it.each([
    ['ok', { attempts: 10_001, succeeded: 9_000 }, 'warned'],
    ['ok', { attempts: 10_000, succeeded: 0 }, 'ok'],
    ['warned', { attempts: 20_000, succeeded: 17_999 }, 'paused'],
    ['warned', { attempts: 20_000, succeeded: 18_000 }, 'ok'],
    ['paused', { attempts: 0, succeeded: 0 }, 'paused'],
  ] as const)('turns %s with %o into %s by GHL’s own numbers', (before, counted, after) => {
    expect(decideUrlState(before, counted, { moreThan: 10_000, successRate: 0.9 })).toBe(after);
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
