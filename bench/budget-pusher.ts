import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { parseKeyRing } from '../crypto/key-ring.ts';
import { createDatabase } from '../db/database.ts';
import { createBreakerStore } from '../db/ghl-breakers.ts';
import { createBudgetStore } from '../db/ghl-budgets.ts';
import { createTokenStore } from '../db/installs.ts';
import { isStorageAway } from '../db/storage-away.ts';
import type { Lane } from '../domain/ghl-budget.ts';
import { GhlError, GhlRateLimitedError } from '../ghl/errors.ts';
import { createGhlGateway } from '../ghl/gateway.ts';
import { getLocation } from '../ghl/locations.ts';
import type { GhlLocationResource } from '../ghl/resource.ts';

/** What one process of a budget run is told. */
export interface PusherTask {
  databaseUrl: string;
  encryptionKeys: string;
  app: { clientId: string; clientSecret: string };
  ghlUrl: string;
  locations: GhlLocationResource[];
  lane: Lane;
  /** Callers for each location, each of which calls again as soon as it may. */
  callers: number;
  /** Pause between two calls of a caller; 0 pushes as hard as it can. */
  pauseMs: number;
  forMs: number;
}

/** What it saw. */
export interface PusherReport {
  done: number;
  refusedByGhl: number;
  /** How often Postgres was too busy or away; the call was tried again, as a step of a workflow would be. */
  storageRetries: number;
  otherErrors: Record<string, number>;
  /** From the first try of each call to its answer. */
  latenciesMs: number[];
}

async function push(task: PusherTask): Promise<PusherReport> {
  const db = createDatabase({ url: task.databaseUrl, poolSize: 12 });
  const ghl = createGhlGateway({
    baseUrl: task.ghlUrl,
    app: task.app,
    tokens: createTokenStore(db, parseKeyRing(task.encryptionKeys)),
    budget: createBudgetStore(db),
    breakers: createBreakerStore(db),
    log: pino({ level: 'silent' }),
  });
  const report: PusherReport = { done: 0, refusedByGhl: 0, storageRetries: 0, otherErrors: {}, latenciesMs: [] };
  const endsAtMs = Date.now() + task.forMs;

  function note(reason: string): void {
    if (reason === 'limit') report.refusedByGhl += 1;
    else if (reason !== 'budget') report.otherErrors[reason] = (report.otherErrors[reason] ?? 0) + 1;
  }

  async function callOnce(resource: GhlLocationResource): Promise<void> {
    const startedMs = performance.now();
    while (Date.now() < endsAtMs) {
      try {
        await getLocation(ghl, { resource, lane: task.lane });
        report.done += 1;
        report.latenciesMs.push(performance.now() - startedMs);
        return;
      } catch (error) {
        if (error instanceof GhlError) note(error.reason);
        else if (isStorageAway(error)) report.storageRetries += 1;
        else throw error;
        // As an activity does: it gives its slot back for the time that was named.
        const waitMs = error instanceof GhlRateLimitedError ? (error.retryAfterMs ?? 0) : 100;
        await sleep(Math.max(1, Math.min(waitMs * (1 + Math.random() * 0.02), endsAtMs - Date.now())));
      }
    }
  }
  const caller = async (resource: GhlLocationResource): Promise<void> => {
    while (Date.now() < endsAtMs) {
      await callOnce(resource);
      if (task.pauseMs > 0) await sleep(task.pauseMs);
    }
  };
  const callers = task.locations.flatMap((location) => Array.from({ length: task.callers }, () => caller(location)));
  await Promise.all(callers);
  await ghl.close();
  await db.destroy();
  return report;
}

process.once('message', (task: PusherTask) => {
  push(task).then(
    (report) => process.send!(report, () => process.disconnect()),
    (error: unknown) => {
      console.error(error);
      process.exitCode = 1;
      process.disconnect();
    },
  );
});
