import { Agent, request } from 'undici';
import { z } from 'zod';
import type { Random } from '../random.ts';
import { decideRetry } from './retry.ts';
import type { AttemptResult } from './retry.ts';
import type { WebhookSettings } from './settings.ts';
import type { Signer } from './signer.ts';

export const deliverySchema = z.object({
  deliveryId: z.string(),
  url: z.string(),
  body: z.string(),
  attempts: z.number(),
});

/** One body on its way to one URL; every attempt of it carries the same delivery id. */
type Delivery = z.infer<typeof deliverySchema>;

export interface DeliveryStats {
  delivered: number;
  failed: number;
  dropped: number;
  duplicated: number;
  attempts: number;
  pending: number;
}

/** The worker that posts webhooks. */
export interface DeliveryQueue {
  enqueue(delivery: Delivery, waitMs: number): void;
  /** Starts what may start; called when a pause ends. */
  pump(): void;
  count(outcome: 'dropped' | 'duplicated'): void;
  stats(): DeliveryStats;
  /** What has not been delivered or given up, for a snapshot. */
  listPending(): Delivery[];
  close(): Promise<void>;
}

/** Makes the delivery worker: bounded concurrency, a timeout for each attempt, retries by the policy in `settings`. */
export function createDeliveryQueue(
  settings: WebhookSettings,
  signer: Signer,
  random: Random,
  onChange: () => void,
): DeliveryQueue {
  const agent = new Agent({ connections: 50 });
  const open = new Set<AbortController>();
  const timers = new Set<NodeJS.Timeout>();
  const pending = new Set<Delivery>();
  const stats = { delivered: 0, failed: 0, dropped: 0, duplicated: 0, attempts: 0 };
  let ready: Delivery[] = [];
  let closing = false;

  const post = async (delivery: Delivery): Promise<AttemptResult> => {
    const body = Buffer.from(delivery.body);
    const signature = signatureFor(body, settings, signer);
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), settings.timeoutMs);
    open.add(patience);
    try {
      const answer = await request(delivery.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          deliveryId: delivery.deliveryId,
          ...(signature === undefined ? {} : { 'X-GHL-Signature': signature }),
        },
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

  const makeReady = (delivery: Delivery): void => {
    ready.push(delivery);
    pump();
  };

  const attempt = async (delivery: Delivery): Promise<void> => {
    stats.attempts += 1;
    const result = await post(delivery);
    if (closing) return;
    delivery.attempts += 1;
    const next = decideRetry(result, delivery.attempts, settings, random.chance('retry'));
    if (next.waitMs !== null) {
      enqueue(delivery, next.waitMs);
      return;
    }
    pending.delete(delivery);
    if (next.reason === 'delivered') stats.delivered += 1;
    else stats.failed += 1;
    onChange();
  };

  const pump = (): void => {
    while (!settings.paused && open.size < settings.concurrency && !closing) {
      const delivery = ready.shift();
      if (!delivery) return;
      void attempt(delivery).finally(pump);
    }
  };

  const enqueue = (delivery: Delivery, waitMs: number): void => {
    pending.add(delivery);
    onChange();
    if (waitMs === 0) {
      makeReady(delivery);
      return;
    }
    const timer = setTimeout(() => {
      timers.delete(timer);
      makeReady(delivery);
    }, waitMs);
    timers.add(timer.unref());
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
      for (const timer of timers) clearTimeout(timer);
      for (const patience of open) patience.abort();
      ready = [];
      await agent.destroy();
    },
  };
}

function signatureFor(body: Buffer, settings: WebhookSettings, signer: Signer): string | undefined {
  switch (settings.signature) {
    case 'valid':
      return signer.sign(body);
    case 'wrong':
      return signer.signWrongly(body);
    case 'na':
      return 'N/A';
    case 'missing':
      return undefined;
  }
}
