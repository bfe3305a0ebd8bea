import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { SwitchyardClient } from '../client.ts';
import type { Database } from '../db/schema.ts';
import { withSystemRole } from '../db/scope.ts';
import { handBackWork } from '../db/unfinished-work.ts';
import { describeError } from './error-description.ts';
import { createRounds, type Rounds } from './rounds.ts';

export interface UnfinishedWorkWatch extends Rounds {
  /** Looks once. @returns how much waits in the inbox again */
  check(): Promise<number>;
}

export interface UnfinishedWorkDeps {
  db: Kysely<Database>;
  client: Pick<SwitchyardClient, 'listEndedWorkflows'>;
  logger: Logger;
  /** Takes to Temporal what waits again. */
  relay: { wake(): void };
  now: () => Date;
}

const EVERY_MS = 5 * 60_000;
/** How far back the first look goes, and how much two looks overlap, because Temporal's list follows a little later. */
const FIRST_LOOK_MS = 72 * 3_600_000;
const OVERLAP_MS = 10 * 60_000;
/** So many at once: of each Temporal is asked when it began. */
const PAGE = 100;
/** A signal is noted as handed over a moment after Temporal has it, and clocks differ. */
const SLACK_MS = 10_000;

/** Those that hold what they were told in their history alone, until they have done it. */
const HOLDING = ['accountSync', 'contactSync'] as const;

/**
 * Finds workflows that were ended by force, or failed, with what they had been told and had perhaps not done: events of accounts and
 * records to be read. It waits in the inbox again, and the relay brings it to the next run. Safe to repeat, and in several
 * processes at once.
 */
export function createUnfinishedWorkWatch({ db, client, logger, relay, now }: UnfinishedWorkDeps): UnfinishedWorkWatch {
  let since = new Date(now().getTime() - FIRST_LOOK_MS);

  async function check(): Promise<number> {
    const startedAtMs = now().getTime();
    let waiting = 0;
    // Whose clock is behind Temporal's must not miss what has just ended.
    let until = new Date(startedAtMs + OVERLAP_MS);
    for (;;) {
      const ended = await client.listEndedWorkflows(HOLDING, { since, until }, PAGE);
      const handed = ended.map(({ workflowId, startedAt, endedAt }) => ({
        workflowId,
        from: new Date(startedAt.getTime() - SLACK_MS),
        until: new Date(endedAt.getTime() + SLACK_MS),
      }));
      waiting += await withSystemRole(db, 'relay', (tx) => handBackWork(tx, handed));
      // The latest come first. Temporal's times are finer than ours.
      const next = new Date(Math.min(...ended.map(({ endedAt }) => endedAt.getTime())) + 1);
      if (ended.length < PAGE || next >= until) break;
      until = next;
    }
    since = new Date(startedAtMs - OVERLAP_MS);
    if (waiting === 0) return 0;
    logger.warn({ waiting }, 'what workflows had not done that were ended by force waits in the inbox again');
    relay.wake();
    return waiting;
  }

  const rounds = createRounds(EVERY_MS, check, (error) =>
    logger.warn({ error: describeError(error) }, 'workflows that were ended by force could not be looked for'),
  );
  return { check, ...rounds };
}
