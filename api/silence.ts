import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import { recordNotice } from '../db/notices.ts';
import type { Database } from '../db/schema.ts';
import { withSystemRole } from '../db/scope.ts';
import { listQuietAccounts, noteSilence } from '../db/silent-accounts.ts';
import { judgeSilence } from '../domain/silence.ts';
import { describeError } from './error-description.ts';
import type { Metrics } from './metrics.ts';
import { createRounds, type Rounds } from './rounds.ts';

export interface SilenceWatch extends Rounds {
  check(): Promise<void>;
}

const CHECK_EVERY_MS = 60_000;
const QUIET_MS = 6 * 3_600_000;
const PERIOD_DAYS = 7;

/**
 * Raises an alert, once, when an account that normally sends events has stopped, and counts it until it speaks again, an operator
 * says that its silence is wanted, or it is no longer live or installed.
 */
export function createSilenceWatch(deps: {
  db: Kysely<Database>;
  logger: Logger;
  metrics: Metrics;
  now: () => Date;
}): SilenceWatch {
  const { db, logger, metrics, now } = deps;
  let known: ReadonlySet<string> = new Set();

  async function check(): Promise<void> {
    const options = { quietMs: QUIET_MS, periodDays: PERIOD_DAYS };
    const quiet = await withSystemRole(db, 'upkeep', (tx) => listQuietAccounts(tx, options));
    const silent = quiet.filter(
      (account) => judgeSilence({ ...account, periodMs: PERIOD_DAYS * 86_400_000 }, now()).isSilent,
    );
    for (const { agencyId, locationId, lastEventAt, isNoted } of silent) {
      if (known.has(locationId)) continue;
      logger.error(
        { alert: 'location-silent', agencyId, locationId, lastEventAt },
        'a location sends no events any more',
      );
      const since = lastEventAt.toISOString();
      // Noted first, it lasts: events that show how it spoke go with their months.
      if (isNoted) continue;
      await withSystemRole(db, 'upkeep', async (tx) => {
        if (!(await noteSilence(tx, locationId, QUIET_MS))) return;
        await recordNotice(tx, {
          agencyId,
          locationId,
          repId: null,
          leadId: null,
          topic: 'location.silent',
          occurrenceKey: `${locationId}:${since}`,
          occurredAt: now(),
          data: { lastEventAt: since },
        });
      });
    }
    known = new Set(silent.map((account) => account.locationId));
    metrics.silentLocations.set(known.size);
  }

  const rounds = createRounds(CHECK_EVERY_MS, check, (error) =>
    logger.warn({ error: describeError(error) }, 'silence could not be checked'),
  );
  return { check, ...rounds };
}
