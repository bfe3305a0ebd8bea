import type { Kysely } from 'kysely';
import type { KeyProvider } from '../crypto/key-ring.ts';
import { judgeKeyRing, SEALING_REPORT_MS } from '../domain/key-versions.ts';
import { listKeyVersions, reportSealing } from './encryption-keys.ts';
import type { Database } from './schema.ts';
import { withSystemRole } from './scope.ts';

interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface SealingReports {
  /** One report. @throws what Postgres throws */
  report(): Promise<void>;
  start(): void;
  /** Resolves when nothing is in the air any more. */
  stop(): Promise<void>;
}

const ADVICE = {
  'unknown-version':
    'other processes seal with a key version that is not in ENCRYPTION_KEYS here: what they seal waits',
  'seals-retired': 'this process seals with a key version that was retired: correct its ENCRYPTION_KEYS',
};

/**
 * Reports every minute which key version this process seals with, so that the moment is known when a version has
 * stopped; and says in the log, once, what its own ring lacks. Postgres being away delays a report and no more.
 */
export function createSealingReports(deps: { db: Kysely<Database>; keys: KeyProvider; log: Log }): SealingReports {
  const { db, keys, log } = deps;
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  let told = '';

  async function report(): Promise<void> {
    const known = await withSystemRole(db, 'upkeep', async (tx) => {
      await reportSealing(tx, keys.currentVersion);
      return listKeyVersions(tx);
    });
    const problems = judgeKeyRing(keys, known);
    const isNews = JSON.stringify(problems) !== told;
    told = JSON.stringify(problems);
    if (!isNews) return;
    for (const { reason, version } of problems) {
      log.error({ alert: 'encryption-keys', reason, version }, ADVICE[reason]);
    }
  }

  const attempt = (): void => {
    running = report().catch((error: unknown) => {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      log.warn({ code }, 'which encryption key seals could not be reported');
    });
  };
  return {
    report,
    start() {
      if (timer !== undefined) return;
      log.info({ seals: keys.currentVersion, opens: keys.versions }, 'encryption keys');
      attempt();
      timer = setInterval(attempt, SEALING_REPORT_MS).unref();
    },
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
