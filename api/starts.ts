import { setImmediate } from 'node:timers';
import type { Kysely, Transaction } from 'kysely';
import type { Logger } from 'pino';
import { TemporalUnavailableError } from '../client.ts';
import { markWorkStarted, type NewWork } from '../db/event-capabilities.ts';
import type { Database } from '../db/schema.ts';
import { withSystemRole } from '../db/scope.ts';
import { describeError } from './error-description.ts';
import type { Metrics } from './metrics.ts';
import { handOver, type WorkClient } from './work.ts';

/** A place among the starts in flight, taken before the transaction so that the row can say who starts it. */
export interface StartSlot {
  /** Starts the workflow, after the answer has left; never throws. What fails is left to the relay. */
  run(work: Omit<NewWork, 'dueAt'>): void;
  release(): void;
}

export interface Starts {
  /** Undefined when enough starts are in flight, or Temporal is away: the relay does it. */
  reserve(): StartSlot | undefined;
  /** Resolves when no start is in flight. */
  settled(): Promise<void>;
}

export interface StartsDeps {
  db: Kysely<Database>;
  client: WorkClient;
  logger: Logger;
  metrics: Metrics;
  /** Starts in flight at most. */
  limit: number;
  temporal: { readonly isAway: boolean; failed(): void };
}

/** Starts workflows in the process that took their event, so that a lead does not wait for the relay's next look. */
export function createStarts(deps: StartsDeps): Starts {
  const { db, client, logger, metrics, limit, temporal } = deps;
  let inFlight = 0;
  let onSettled: (() => void)[] = [];
  const change = (by: 1 | -1): void => {
    inFlight += by;
    metrics.startsInFlight.set(inFlight);
    if (inFlight > 0) return;
    for (const resolve of onSettled.splice(0)) resolve();
  };

  async function start(work: Omit<NewWork, 'dueAt'>): Promise<void> {
    try {
      await handOver(client, [work]);
    } catch (error) {
      metrics.starts.inc({ by: 'process', outcome: 'failed' });
      if (error instanceof TemporalUnavailableError) temporal.failed();
      else logger.error({ error: describeError(error), workflowId: work.workflowId }, 'a start failed');
      return;
    }
    metrics.starts.inc({ by: 'process', outcome: 'done' });
    try {
      const mark = (tx: Transaction<Database>) => markWorkStarted(tx, work.causeId, work.workflowId);
      await withSystemRole(db, 'relay', mark, 'one statement');
    } catch (error) {
      // The relay starts it once more, which does nothing.
      logger.warn({ error: describeError(error), workflowId: work.workflowId }, 'a start could not be noted');
    }
  }

  return {
    reserve() {
      if (inFlight >= limit || temporal.isAway) return undefined;
      change(1);
      return {
        run: (work) => setImmediate(() => void start(work).finally(() => change(-1))),
        release: () => change(-1),
      };
    },
    settled: () =>
      inFlight === 0 ? Promise.resolve() : new Promise((resolve) => (onSettled = [...onSettled, resolve])),
  };
}
