import { Agent, request } from 'undici';
import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';
import type { UrlBreaker } from './breaker.ts';
import type { Delivery, DeliveryLog } from './log.ts';
import { decideRetry } from './retry.ts';
import type { AttemptResult } from './retry.ts';
import type { WebhookSettings } from './settings.ts';
import type { Signer } from './signer.ts';
import { signatureHeaders } from './signing.ts';
import { createTimers } from './timers.ts';

export interface DeliveryStats {
  delivered: number;
  failed: number;
  dropped: number;
  duplicated: number;
  /** Lost because their URL was paused. */
  refused: number;
  attempts: number;
  pending: number;
}

/** What the delivery worker works with. */
export interface DeliveryParts {
  settings: WebhookSettings;
  signer: Signer;
  random: Random;
  clock: Clock;
  breaker: UrlBreaker;
  log: DeliveryLog;
  onChange: () => void;
}

/** The worker that posts webhooks. */
export interface DeliveryQueue {
  enqueue(delivery: Delivery, waitMs: number): void;
  /** Starts what may start; called when a pause ends or a URL is enabled. */
  pump(): void;
  count(outcome: 'dropped' | 'duplicated'): void;
  stats(): DeliveryStats;
  /** What has not been delivered or given up, for a snapshot. */
  listPending(): Delivery[];
  close(): Promise<void>;
}

/**
 * Makes the delivery worker: bounded concurrency, a timeout for each attempt, retries by the policy in `settings`. Waits are
 * those of the simulator's clock, so that moving it brings the retries of hours.
 */
export function createDeliveryQueue(parts: DeliveryParts): DeliveryQueue {
  const { settings, signer, random, clock, breaker, log, onChange } = parts;
  const agent = new Agent({ connections: 50 });
  const open = new Set<AbortController>();
  const timers = createTimers(clock);
  const pending = new Set<Delivery>();
  const stats = { delivered: 0, failed: 0, dropped: 0, duplicated: 0, refused: 0, attempts: 0 };
  let ready: Delivery[] = [];
  let held: Delivery[] = [];
  let closing = false;

  const post = async (delivery: Delivery): Promise<AttemptResult> => {
    const body = Buffer.from(bodyOfAttempt(delivery, settings, clock));
    const id = settings.deliveryIdHeader === null ? {} : { [settings.deliveryIdHeader]: delivery.deliveryId };
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), settings.timeoutMs);
    open.add(patience);
    try {
      const answer = await request(delivery.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...id, ...signatureHeaders(body, settings, signer, random) },
        body,
        dispatcher: agent,
        signal: patience.signal,
      });
      await answer.body.dump();
      return answer.statusCode;
    } catch {
      return null;
    } finally {
      clearTimeout(timer);
      open.delete(patience);
    }
  };

  const end = (delivery: Delivery, state: 'delivered' | 'failed' | 'refused'): void => {
    pending.delete(delivery);
    stats[state] += 1;
    log.close(delivery.deliveryId, state);
    onChange();
  };

  const attempt = async (delivery: Delivery): Promise<void> => {
    stats.attempts += 1;
    const startedAt = clock.now();
    const result = await post(delivery);
    if (closing) return;
    delivery.attempts += 1;
    log.addAttempt(delivery.deliveryId, startedAt, result);
    const next = decideRetry(result, delivery.attempts, settings, random.chance('retry'));
    breaker.record(delivery.url, next.reason === 'delivered');
    if (next.waitMs !== null) enqueue(delivery, next.waitMs);
    else end(delivery, next.reason === 'delivered' ? 'delivered' : 'failed');
  };

  /** Webhooks to a paused URL are not attempted. */
  const meetsPausedUrl = (delivery: Delivery): boolean => {
    if (!breaker.isPaused(delivery.url)) return false;
    if (settings.breaker.whenPaused === 'keep') held.push(delivery);
    else end(delivery, 'refused');
    return true;
  };

  const pump = (): void => {
    if (held.some(({ url }) => !breaker.isPaused(url))) {
      ready.push(...held);
      held = [];
    }
    while (!settings.paused && open.size < settings.concurrency && !closing) {
      const delivery = ready.shift();
      if (!delivery) return;
      if (!meetsPausedUrl(delivery)) void attempt(delivery).finally(pump);
    }
  };

  const enqueue = (delivery: Delivery, waitMs: number): void => {
    pending.add(delivery);
    log.open(delivery);
    onChange();
    timers.after(waitMs, () => {
      ready.push(delivery);
      pump();
    });
  };

  return {
    enqueue,
    pump,
    count(outcome) {
      stats[outcome] += 1;
    },
    stats: () => ({ ...stats, pending: pending.size }),
    listPending: () => [...pending],
    async close() {
      closing = true;
      timers.close();
      for (const patience of open) patience.abort();
      ready = [];
      await agent.destroy();
    },
  };
}

/** The body as it was first sent, or with the time of this attempt, where GHL is told to. */
function bodyOfAttempt({ body, attempts }: Delivery, { freshTimestamp }: WebhookSettings, clock: Clock): string {
  if (!freshTimestamp || attempts === 0) return body;
  return JSON.stringify({ ...(JSON.parse(body) as object), timestamp: clock.now().toISOString() });
}
