import { type KeyObject, sign } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { Pool } from 'undici';
import { z } from 'zod';
import { quantile } from './spread.ts';

/** How the deliveries were answered. */
export interface DeliveryFigures {
  sent: number;
  /** By status and outcome, such as `200 taken`, or `none` with the error's code. */
  answers: Record<string, number>;
  tookSeconds: number;
  perSecond: number;
  /** From handing the request over to the whole answer, in milliseconds. */
  p50Ms: number;
  p99Ms: number;
}

export interface Sender {
  apiUrl: string;
  privateKey: KeyObject;
  connections: number;
  /** Once it is aborted no more deliveries are begun. */
  signal: AbortSignal;
}

const ANSWER_TIMEOUT_MS = 10_000;
const answerSchema = z.object({ outcome: z.string() }).catch({ outcome: 'unreadable' });

/**
 * Signs and posts each body as GHL would, as fast as the answers come, with one request at a time on each connection.
 * What is not answered counts as an answer of its own and is not sent again.
 * @param onSent told after each answer how many there are
 */
export async function deliverAll(
  sender: Sender,
  bodies: readonly Buffer[],
  onSent: (sent: number) => void,
): Promise<DeliveryFigures> {
  const timeouts = { headersTimeout: ANSWER_TIMEOUT_MS, bodyTimeout: ANSWER_TIMEOUT_MS };
  const pool = new Pool(sender.apiUrl, { connections: sender.connections, pipelining: 1, ...timeouts });
  // GHL signs, not us: what that costs is no part of the figures.
  const signed = bodies.map((body) => ({ body, signature: sign(null, body, sender.privateKey).toString('base64') }));
  const waiting = signed.values();
  const answers = new Map<string, number>();
  const takenMs: number[] = [];
  const startedAt = performance.now();

  const work = async (): Promise<void> => {
    // All workers draw from one iterator.
    for (const { body, signature } of waiting) {
      if (sender.signal.aborted) return;
      const sentAt = performance.now();
      const answer = await post(pool, body, signature);
      takenMs.push(performance.now() - sentAt);
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
      onSent(takenMs.length);
    }
  };
  try {
    await Promise.all(Array.from({ length: sender.connections }, work));
  } finally {
    await pool.destroy();
  }
  const tookSeconds = (performance.now() - startedAt) / 1000;
  return {
    sent: takenMs.length,
    answers: Object.fromEntries(answers),
    tookSeconds,
    perSecond: takenMs.length / tookSeconds,
    p50Ms: quantile(takenMs, 0.5),
    p99Ms: quantile(takenMs, 0.99),
  };
}

async function post(pool: Pool, body: Buffer, signature: string): Promise<string> {
  const headers = { 'content-type': 'application/json', 'x-ghl-signature': signature };
  try {
    const response = await pool.request({ method: 'POST', path: '/webhooks/ghl', headers, body });
    const text = await response.body.text();
    if (response.statusCode !== 200) return String(response.statusCode);
    return `200 ${answerSchema.parse(JSON.parse(text)).outcome}`;
  } catch (error) {
    return `none ${error instanceof Error && 'code' in error ? String(error.code) : 'unknown'}`;
  }
}
