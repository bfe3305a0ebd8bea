import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { RunningWorkflow, SwitchyardClient } from '../client.ts';
import { addDeadLetter, type NewDeadLetter } from '../db/dead-letters.ts';
import type { Database } from '../db/schema.ts';
import { withSystemRole } from '../db/scope.ts';
import { listWorkflowLetters, settleWorkflowLetters } from '../db/stuck-workflows.ts';
import { capabilityOf, judgeLongRun, WORKFLOW_BOUNDS } from '../domain/stuck-workflow.ts';
import { describeError } from './error-description.ts';
import { createRounds, type Rounds } from './rounds.ts';

export interface StuckWorkflowWatch extends Rounds {
  /** Looks once. @returns how many workflows do not get on */
  check(): Promise<{ failing: number; long: number }>;
}

export interface StuckWorkflowDeps {
  db: Kysely<Database>;
  client: Pick<SwitchyardClient, 'listFailingWorkflows' | 'listRunningSince' | 'describeWorkflow'>;
  logger: Logger;
  now: () => Date;
}

const EVERY_MS = 5 * 60_000;
/** More than this at once is one cause. Each costs a question to Temporal, a look. */
const LIMIT = 200;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

type Letter = NewDeadLetter & { failedAt: Date };

/**
 * Finds workflows whose task keeps failing, which look as if they ran, and those that have shown no sign of life for longer
 * than they should. Each is put before an operator once, and settled when it goes on or ends. Safe to repeat, and in
 * several processes at once.
 */
export function createStuckWorkflowWatch({ db, client, logger, now }: StuckWorkflowDeps): StuckWorkflowWatch {
  async function check(): Promise<{ failing: number; long: number }> {
    // A server that does not know of reported problems refuses the one question, and answers the other.
    const [failing, long] = await Promise.allSettled([lookForFailing(), lookForLong()]);
    for (const each of [failing, long]) if (each.status === 'rejected') throw each.reason;
    return { failing: countOf(failing), long: countOf(long) };
  }

  async function lookForFailing(): Promise<number> {
    const found = await client.listFailingWorkflows(LIMIT);
    const letters: Letter[] = [];
    for (const workflow of found) {
      const standing = await client.describeWorkflow(workflow);
      if (!standing) continue;
      letters.push({
        ...lettered(workflow),
        cause: `workflow-task-failing:${workflow.problem}`,
        advice: `The code of a worker cannot go on with this workflow (${workflow.problem}): the log of the worker and its history tell why. Temporal tries again by itself: mend the code or roll it back, and try that with the command replay and its id.`,
        failedAt: standing.taskSince ?? standing.lastEventAt,
      });
    }
    await report('workflow-task-failing:', letters, found.length < LIMIT);
    return letters.length;
  }

  async function lookForLong(): Promise<number> {
    const at = now();
    const since = Object.entries(WORKFLOW_BOUNDS).map(([type, { boundMs }]) => ({
      type,
      before: new Date(at.getTime() - boundMs),
    }));
    const found = await client.listRunningSince(since, LIMIT);
    const letters: Letter[] = [];
    for (const workflow of found) {
      const standing = await client.describeWorkflow(workflow);
      if (!standing || !judgeLongRun(standing, at).isLong) continue;
      letters.push({
        ...lettered(workflow),
        cause: 'running-long',
        advice:
          'The workflow has shown no sign of life for longer than it should, and waits for nothing that is known. Look at its history: what it waits for stands at its end.',
        failedAt: standing.lastEventAt,
      });
    }
    await report('running-long', letters, found.length < LIMIT);
    return letters.length;
  }

  /** @param isWhole whether all that there are were looked at: only then is what is not among them settled */
  async function report(
    prefix: 'running-long' | 'workflow-task-failing:',
    letters: Letter[],
    isWhole: boolean,
  ): Promise<void> {
    if (!isWhole)
      logger.error({ alert: 'many-workflows-stuck', cause: prefix, limit: LIMIT }, 'more than one look takes');
    const found = new Set(letters.map(keyOf));
    await withSystemRole(db, 'upkeep', async (tx) => {
      const open = await listWorkflowLetters(tx, prefix);
      const over = open.filter(({ workflowId, cause }) => !found.has(`${cause} ${workflowId}`));
      if (isWhole)
        await settleWorkflowLetters(
          tx,
          over.map(({ id }) => id),
          now(),
        );
      for (const letter of letters) await addDeadLetter(tx, letter);
    });
  }

  const rounds = createRounds(EVERY_MS, check, (error) =>
    logger.warn({ error: describeError(error) }, 'stuck workflows could not be looked for'),
  );
  return { check, ...rounds };
}

const countOf = (look: PromiseSettledResult<number>): number => (look.status === 'fulfilled' ? look.value : 0);

const keyOf = ({ cause, subject }: Letter): string => `${cause} ${subject.id}`;

/** Anybody who can start workflows can say whose one is; what is no id of ours is nobody's. */
function lettered(
  workflow: RunningWorkflow,
): Pick<Letter, 'agencyId' | 'locationId' | 'capability' | 'subject' | 'workflowId'> {
  const { workflowId, type, agencyId, locationId, capability } = workflow;
  const isOwned = agencyId !== null && UUID.test(agencyId);
  return {
    agencyId: isOwned ? agencyId : null,
    locationId: isOwned && locationId !== null && UUID.test(locationId) ? locationId : null,
    capability: capabilityOf(type, capability),
    subject: { kind: 'workflow', id: workflowId.slice(0, 1_000) },
    workflowId,
  };
}
