import { createHash } from 'node:crypto';
import type { Kysely, Transaction } from 'kysely';
import type { Logger } from 'pino';
import { v7 as uuidv7 } from 'uuid';
import type { KeyProvider } from '../crypto/key-ring.ts';
import { seal } from '../crypto/seal.ts';
import { recordNoticeForAll } from '../db/notices.ts';
import { countRefusedDeliveries } from '../db/refused-delivery-counts.ts';
import { REFUSED_BODY, recordRefusedDelivery, type RefusedRequest } from '../db/refused-deliveries.ts';
import type { Database } from '../db/schema.ts';
import { withSystemRole } from '../db/scope.ts';
import { decideRefusalAlert, type RefusalReason } from '../domain/refused-signatures.ts';
import { describeError } from './error-description.ts';
import type { Metrics } from './metrics.ts';

interface RefusedDelivery {
  reason: RefusalReason;
  signature: string | null;
  path: string;
  headerNames: readonly string[];
  body: Buffer;
}

export interface RefusedDeliveries {
  /** Counts a refused delivery; the answer never waits for it. */
  note(delivery: RefusedDelivery): void;
  /** Writes what has been counted, as far as Postgres allows. */
  flush(): Promise<void>;
}

/** However many are refused, Postgres hears of them once in so long. */
const WRITE_EVERY_MS = 1_000;
const MAX_SIGNATURE_LENGTH = 200;
/** Whoever sends chooses them. */
const MAX_PATH_LENGTH = 200;
const MAX_HEADER_NAMES = 50;
const MAX_NAME_LENGTH = 60;

/** Counts deliveries whose signature was refused and keeps one of each write, for the day GHL rotates its key. */
export function createRefusedDeliveries(deps: {
  db: Kysely<Database>;
  keys: KeyProvider;
  logger: Logger;
  metrics: Metrics;
}): RefusedDeliveries {
  const { db, keys, logger, metrics } = deps;
  let counts = new Map<string, number>();
  let latest: RefusedDelivery | undefined;
  let timer: NodeJS.Timeout | undefined;
  let lastWriteMs = -Infinity;

  function schedule(): void {
    timer ??= setTimeout(() => void flush(), Math.max(0, lastWriteMs + WRITE_EVERY_MS - performance.now())).unref();
  }

  async function flush(): Promise<void> {
    clearTimeout(timer);
    const [batch, kept] = [counts, latest];
    counts = new Map();
    latest = undefined;
    lastWriteMs = performance.now();
    if (kept) {
      try {
        await write(batch, kept);
      } catch (error) {
        // They stay counted here; the next refused delivery brings the next try.
        for (const [reason, count] of batch) counts.set(reason, (counts.get(reason) ?? 0) + count);
        logger.warn({ error: describeError(error) }, 'refused deliveries could not be counted');
      }
    }
    timer = undefined;
    if (latest) schedule();
  }

  async function write(batch: Map<string, number>, kept: RefusedDelivery): Promise<void> {
    const { reason, body } = kept;
    const request: RefusedRequest = {
      reason,
      signature: kept.signature,
      path: kept.path.slice(0, MAX_PATH_LENGTH),
      headerNames: kept.headerNames.slice(0, MAX_HEADER_NAMES).map((name) => name.slice(0, MAX_NAME_LENGTH)),
      digest: createHash('sha256').update(body).digest('hex'),
      bodyBytes: body.length,
    };
    const sealed = seal(keys, body, REFUSED_BODY);
    const now = [...batch.values()].reduce((sum, count) => sum + count, 0);
    const { inHour, decision } = await withSystemRole(db, 'intake', async (tx) => {
      for (const [each, count] of batch) {
        const others = each === reason ? count - 1 : count;
        if (others > 0) await countRefusedDeliveries(tx, each, others);
      }
      const inHour = await recordRefusedDelivery(tx, { ...request, id: uuidv7(), body: sealed });
      const decision = decideRefusalAlert(inHour - now, inHour);
      if (decision.alert) await tell(tx, inHour, decision.reason);
      return { inHour, decision };
    });
    if (!decision.alert) return;
    logger.error(
      { alert: 'webhook-signatures-refused', inHour, reason: decision.reason },
      'webhook signatures are refused: an attack, or GHL has a new key',
    );
  }

  /** Whoever hears of it learns how many there are, and nothing of what they hold or of other agencies. */
  async function tell(tx: Transaction<Database>, inHour: number, limit: string): Promise<void> {
    const occurredAt = new Date();
    await recordNoticeForAll(tx, {
      topic: 'signatures.refused',
      occurrenceKey: `${occurredAt.toISOString().slice(0, 13)}:${limit}`,
      occurredAt,
      data: { inHour },
    });
  }

  return {
    note(delivery) {
      const { reason, signature } = delivery;
      metrics.refusedDeliveries.inc({ reason });
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
      latest = { ...delivery, signature: signature?.slice(0, MAX_SIGNATURE_LENGTH) ?? null };
      schedule();
    },
    flush,
  };
}
