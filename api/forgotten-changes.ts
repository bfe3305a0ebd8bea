import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import { listForgottenChanges, wakeForgotten } from '../db/forgotten-changes.ts';
import type { Database } from '../db/schema.ts';
import { withScope, withSystemRole } from '../db/scope.ts';
import { describeError } from './error-description.ts';
import { createRounds, type Rounds } from './rounds.ts';

export interface ForgottenChangeWatch extends Rounds {
  /** Looks once. @returns how many contacts and merges were brought before their workflow again */
  check(): Promise<number>;
}

export interface ForgottenChangeDeps {
  db: Kysely<Database>;
  logger: Logger;
  /** Takes what is brought to Temporal. */
  relay: { wake(): void };
  now: () => Date;
}

const EVERY_MS = 5 * 60_000;
/** A workflow that lives tries every five minutes, and a try ends within two. */
const FORGOTTEN_AFTER_MS = 15 * 60_000;
/** What is left is the oldest of the next look. */
const LIMIT = 1_000;

/**
 * Finds changes of contacts that the inbox has handed over and whose workflow lost them: terminated by hand, reset to
 * before the signal, or gone with Temporal's own store. They go to it once more. Safe to repeat, and in several processes
 * at once; a workflow that has them still looks once more and finds nothing to do.
 */
export function createForgottenChangeWatch({ db, logger, relay, now }: ForgottenChangeDeps): ForgottenChangeWatch {
  async function check(): Promise<number> {
    const at = now();
    const before = new Date(at.getTime() - FORGOTTEN_AFTER_MS);
    const found = await withSystemRole(db, 'upkeep', (tx) => listForgottenChanges(tx, { before, limit: LIMIT }));
    let woken = 0;
    for (const change of found) {
      const { agencyId } = change;
      if (await withScope(db, { agencyId }, (tx) => wakeForgotten(tx, change, { before, now: at }))) woken += 1;
    }
    if (woken === 0) return 0;
    logger.warn({ woken }, 'changes of contacts were brought before their workflow again');
    relay.wake();
    return woken;
  }

  const rounds = createRounds(EVERY_MS, check, (error) =>
    logger.warn({ error: describeError(error) }, 'forgotten changes could not be looked for'),
  );
  return { check, ...rounds };
}
