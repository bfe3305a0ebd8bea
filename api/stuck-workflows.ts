import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { RunningWorkflow, SwitchyardClient } from '../client.ts';
import { addDeadLetter, type NewDeadLetter } from '../db/dead-letters.ts';
import type { Database } from '../db/schema.ts';
import { withSystemRole } from '../db/scope.ts';
import { listWorkflowLetters, settleWorkflowLetters, type WorkflowLetter } from '../db/stuck-workflows.ts';
import { capabilityOf } from '../domain/stuck-workflow.ts';
import { describeError } from './error-description.ts';
import { createLongWorkflowLook, type LongRun, type LongWorkflowDeps } from './long-workflows.ts';
import { createRounds, type Rounds } from './rounds.ts';

export interface StuckWorkflowWatch extends Rounds {
  /** Looks once. @returns how many workflows do not get on */
  check(): Promise<{ failing: number; long: number }>;
}

export interface StuckWorkflowDeps {
  db: Kysely<Database>;
  client: Pick<SwitchyardClient, 'listFailingWorkflows'> & LongWorkflowDeps['client'];
  logger: Logger;
  now: () => Date;
  /** How many of a group are looked at in one look. */
  perGroup?: number;
}

const EVERY_MS = 5 * 60_000;
/** More than this at once is one cause. Each costs a question or two to Temporal, a look. */
const PER_GROUP = 200;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

type Letter = NewDeadLetter & { failedAt: Date };
type LetterPrefix = Parameters<typeof listWorkflowLetters>[1];

/**
 * Finds workflows whose task keeps failing, which look as if they ran, and those that have shown no sign of life for longer
 * than they should, or of which a step keeps failing for as long. Each is put before an operator once, and settled when it goes on or ends. Safe to repeat, and in
 * several processes at once.
 */
export function createStuckWorkflowWatch({
  db,
  client,
  logger,
  now,
  perGroup = PER_GROUP,
}: StuckWorkflowDeps): StuckWorkflowWatch {
  const longRuns = createLongWorkflowLook({ client, now, perGroup });

  async function check(): Promise<{ failing: number; long: number }> {
    // A server that does not know of reported problems refuses the one question, and answers the other.
    const [failing, long] = await Promise.allSettled([lookForFailing(), lookForLong()]);
    for (const each of [failing, long]) if (each.status === 'rejected') throw each.reason;
    return { failing: countOf(failing), long: countOf(long) };
  }

  async function lookForFailing(): Promise<number> {
    const found = await client.listFailingWorkflows(perGroup);
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
    const isWhole = found.length < perGroup;
    if (!isWhole) tellMany('workflow-task-failing:');
    const keys = new Set(letters.map(keyOf));
    // Only where all that there are were looked at is what is not among them over.
    const open = isWhole ? await listLetters('workflow-task-failing:') : [];
    await write(
      letters,
      open.filter((letter) => !keys.has(keyOfLetter(letter))).map(({ id }) => id),
    );
    return letters.length;
  }

  async function lookForLong(): Promise<number> {
    const { long, looked } = await longRuns.look();
    const letters = long.map(({ workflow, decision, lastEventAt }): Letter => {
      const failedAt = decision.reason === 'step-fails' ? decision.askedAt : lastEventAt;
      return { ...lettered(workflow), cause: 'running-long', advice: adviseOnLong(decision), failedAt };
    });
    const found = new Set(letters.map(keyOf));
    const over: string[] = [];
    let others = 0;
    for (const letter of await listLetters('running-long')) {
      if (found.has(keyOfLetter(letter))) continue;
      // Not its turn: whether it goes on is asked of it alone, so that no letter waits for a turn to be settled.
      const isLong = !looked.has(letter.workflowId) && (await longRuns.judge(letter)) !== undefined;
      if (isLong) others += 1;
      else over.push(letter.id);
    }
    if (letters.length >= perGroup) tellMany('running-long');
    await write(letters, over);
    return letters.length + others;
  }

  const listLetters = (prefix: LetterPrefix) => withSystemRole(db, 'upkeep', (tx) => listWorkflowLetters(tx, prefix));

  const tellMany = (cause: LetterPrefix): void =>
    logger.error({ alert: 'many-workflows-stuck', cause, limit: perGroup }, 'more than one look takes');

  async function write(letters: Letter[], over: string[]): Promise<void> {
    await withSystemRole(db, 'upkeep', async (tx) => {
      await settleWorkflowLetters(tx, over, now());
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
const keyOfLetter = ({ cause, workflowId }: WorkflowLetter): string => `${cause} ${workflowId}`;

/** Codes of failures are words of ours; anything else may be a text. */
const CODE = /^[\w.-]{1,60}$/;

function adviseOnLong(decision: LongRun): string {
  if (decision.reason === 'stands-still')
    return 'The workflow has shown no sign of life for longer than it should, and waits for nothing that is known. Look at its history: what it waits for stands at its end.';
  const code = CODE.test(decision.failure) ? decision.failure : 'other';
  return `A step of the workflow keeps failing (${code}), and time alone does not mend it: the worker's log has the step and the code. Mend the cause; the step is tried again by itself and goes on then.`;
}

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
