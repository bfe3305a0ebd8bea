import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Database } from '../db/schema.ts';
import { withSystemRole } from '../db/scope.ts';
import { touchAccount } from '../db/tenants.ts';
import { describeError } from './error-description.ts';

export interface AccountSpeech {
  /** Notes that an account spoke. Costs nothing but once a minute. */
  note(locationId: string, at: Date): void;
}

const TOUCH_EVERY_MS = 60_000;

/** Remembers when each account last spoke, outside the transactions that take events in: they never wait for one row. */
export function createAccountSpeech(db: Kysely<Database>, logger: Logger): AccountSpeech {
  const touchedAtMs = new Map<string, number>();
  return {
    note(locationId, at) {
      if (at.getTime() - (touchedAtMs.get(locationId) ?? 0) < TOUCH_EVERY_MS) return;
      touchedAtMs.set(locationId, at.getTime());
      withSystemRole(db, 'intake', (tx) => touchAccount(tx, locationId, at)).catch((error: unknown) => {
        touchedAtMs.delete(locationId);
        logger.debug({ locationId, error: describeError(error) }, 'an account could not be touched');
      });
    },
  };
}
