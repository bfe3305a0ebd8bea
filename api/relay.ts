import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import { LeadStuckError, type SwitchyardClient, TemporalUnavailableError } from '../client.ts';
import { addDeadLetter } from '../db/dead-letters.ts';
import { buryWork, claimDueWork, markWorkStarted, postponeWork, type Work } from '../db/event-capabilities.ts';
import { settleKnownChanges } from '../db/known-changes.ts';
import { findLead } from '../db/leads.ts';
import type { Database } from '../db/schema.ts';
import { withScope, withSystemRole } from '../db/scope.ts';
import { redriveCommand } from '../domain/lead-redrive.ts';
import { readLeadIntakeWorkflowId } from '../domain/workflow-ids.ts';
import { describeError } from './error-description.ts';
import type { Metrics } from './metrics.ts';
import { createPause } from './pause.ts';
import { judgeHandover, relayBackoffMs } from './relay-policy.ts';
import { isRedrive } from './redrive-work.ts';
import { reportStuckLead } from './stuck-leads.ts';
import { gatherWork, handOver, type WorkClient } from './work.ts';

export interface RelayDeps {
  db: Kysely<Database>;
  client: WorkClient & Pick<SwitchyardClient, 'leadFate'>;
  logger: Logger;
  metrics: Metrics;
  /** Shared with the starts of the process: while Temporal is away nobody queues up at its door. */
  temporal: { isAway: boolean };
  /** Does what an operator's redrive asks for. */
  redrive: (work: Work) => Promise<void>;
  /** How often it looks for work that other processes have left, in milliseconds. */
  pollMs: number;
}

export interface Relay {
  start(): void;
  /** There is work that is due now. */
  wake(): void;
  /** Resolves when the work in hand is done. */
  stop(): Promise<void>;
}

const BATCH = 20;
const BATCH_PER_LOCATION = 5;
/** Longer than a start's deadline, so that no second relay takes the same work meanwhile. */
const LEASE_MS = 10_000;

/** Hands work to Temporal that no process has handed over: a crash, Temporal away, too much at once, and all follow-ups. */
export function createRelay(deps: RelayDeps): Relay {
  const { db, client, logger, metrics, temporal } = deps;
  const pause = createPause();
  let running: Promise<void> | undefined;
  let isStopping = false;

  async function run(): Promise<void> {
    let failures = 0;
    while (!isStopping) {
      const outcome = await round();
      failures = outcome === 'failed' ? failures + 1 : 0;
      if (outcome === 'failed') await pause.forMs(relayBackoffMs(failures), { wakeable: false });
      if (outcome === 'idle') await pause.forMs(deps.pollMs, { wakeable: true });
    }
  }

  async function round(): Promise<'busy' | 'idle' | 'failed'> {
    try {
      if (temporal.isAway && !(await client.isReachable())) return 'failed';
      const options = { limit: BATCH, perLocation: BATCH_PER_LOCATION, leaseMs: LEASE_MS };
      const { claimed, work } = await withSystemRole(db, 'relay', async (tx) => {
        const all = await claimDueWork(tx, options);
        return { claimed: all.length, work: await settleKnownChanges(tx, all) };
      });
      if (claimed === 0) {
        temporal.isAway = false;
        return 'idle';
      }
      if (work.length === 0) return 'busy';
      const results = (await Promise.all(gatherWork(work).map(attempt))).flat();
      await record(results);
      const isAway = results.every((result) => result.error instanceof TemporalUnavailableError);
      if (isAway !== temporal.isAway) logger.warn({ isAway }, isAway ? 'Temporal is away' : 'Temporal is back');
      temporal.isAway = isAway;
      return isAway ? 'failed' : 'busy';
    } catch (error) {
      logger.warn({ error: describeError(error) }, 'the relay cannot read the inbox');
      return 'failed';
    }
  }

  async function attempt(group: [Work, ...Work[]]): Promise<{ work: Work; error: unknown }[]> {
    const as = (error: unknown) => group.map((work) => ({ work, error }));
    try {
      await (isRedrive(group[0]) ? deps.redrive(group[0]) : handOver(client, group));
      return as(undefined);
    } catch (error) {
      if (error instanceof LeadStuckError) return as(await judgeStuck(error));
      if (error instanceof TemporalUnavailableError || group.length === 1) return as(error);
      // What is wrong with one is not to be held against the others.
      return (await Promise.all(group.map((work) => attempt([work])))).flat();
    }
  }

  /** A lead that is closed has nothing left to hear; of an open one an operator hears, while the work waits for the redrive. */
  async function judgeStuck(error: LeadStuckError): Promise<unknown> {
    const { agencyId, leadId, fate } = error;
    try {
      const lead = await withScope(db, { agencyId }, (tx) => findLead(tx, leadId));
      if (!lead || lead.state === 'closed') return undefined;
      if (fate !== 'running') await reportStuckLead({ db, client, now: () => new Date() }, lead, fate);
      return error;
    } catch (lookError) {
      logger.warn({ error: describeError(lookError) }, 'a stuck lead could not be looked at');
      return error;
    }
  }

  async function record(results: { work: Work; error: unknown }[]): Promise<void> {
    await withSystemRole(db, 'relay', async (tx) => {
      for (const { work, error } of results) {
        const { outcome, cause, retryMs } = judgeHandover(error, work.attempts);
        metrics.starts.inc({ by: 'relay', outcome });
        switch (outcome) {
          case 'done':
            await markWorkStarted(tx, work.causeId, work.workflowId);
            break;
          case 'failed':
            await postponeWork(tx, [work.sequence], retryMs, cause);
            break;
          case 'dead':
            logger.error({ workflowId: work.workflowId, error: describeError(error) }, 'work cannot be handed over');
            await buryWork(tx, work.sequence, cause);
            await addDeadLetter(tx, {
              agencyId: work.agencyId,
              locationId: work.locationId,
              capability: work.capability,
              cause: `handover:${cause}`,
              advice: adviseOnBuried(work),
              subject: { kind: 'event', id: work.causeId },
              workflowId: work.workflowId,
            });
        }
      }
    });
  }

  return {
    start() {
      running ??= run();
    },
    wake: () => pause.wake(),
    async stop() {
      isStopping = true;
      pause.end();
      await running;
    },
  };
}

function adviseOnBuried({ workflowId }: Work): string {
  const lead = readLeadIntakeWorkflowId(workflowId);
  const then = lead ? `run \`${redriveCommand(lead)}\`` : 'redrive this letter';
  return `Temporal would not take this work. Look the cause up in the log, mend it, then ${then}.`;
}
