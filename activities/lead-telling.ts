import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Transaction } from 'kysely';
import type { Database } from '../db/schema.ts';
import { explainAssignment } from '../domain/lead-note.ts';
import { createNote, listNotes } from '../ghl/contacts.ts';
import { GhlError } from '../ghl/errors.ts';
import { searchOpportunities } from '../ghl/opportunities.ts';
import type { GhlDeps } from './dependencies.ts';
import { toApplicationFailure } from './ghl-failure.ts';
import { callOf, talkingToGhl } from './ghl-step.ts';
import type { AssignmentArgs, AssignmentFacts, ExplainedFacts } from './lead-facts.ts';
import { mirrorMade } from './lead-mirror.ts';
import { writeOpportunity } from './lead-opportunity.ts';
import { observeNote, observeOpportunity, observeTask } from './mirror-observations.ts';
import type { Remember, Written } from './lead-remembering.ts';

/** A rep should call within this time of the assignment. */
const CALL_WITHIN_MS = 15 * 60_000;

interface TellingBy {
  isRepeat?: boolean;
  isContactNew?: boolean;
}

/** Whether an earlier attempt of this very step may have gone through. */
const mayBeRepeat = (): boolean => Context.current().info.attempt > 1;

/** What GHL and the rep are told of an assignment. */
export function createLeadTelling(deps: GhlDeps, remember: Remember) {
  const { ghl, reads } = deps;

  /**
   * Writes into GHL why the lead came here, and opens its opportunity where the location has a pipeline. Repeatable.
   * Of a contact that was deleted nothing is told: the event of that ends the lead.
   * @throws ApplicationFailure, final: NoContact when the person has no contact of their own in the location,
   * PipelineGone when there is no longer a pipeline for its opportunity
   */
  async function explain(args: AssignmentArgs, facts: ExplainedFacts): Promise<void> {
    await tellParts(args, facts, (to) => [writeNote(args, facts, to, mayBeRepeat())]);
  }

  /** Tells the rep. Repeatable: a notice that went out before is found again. */
  async function notify(args: AssignmentArgs, facts: AssignmentFacts): Promise<void> {
    if (facts.isContactDeleted || facts.isReleased || facts.ghlContactId === null) return;
    const { ghlContactId: to } = facts;
    await talkingToGhl(async () => rememberAll(args, [writeTask(args, facts, to, mayBeRepeat())]), 'wait');
  }

  /**
   * Does what both do, side by side, for none needs another's answer: the rep hears of a lead whose opportunity cannot be made.
   * @param by.isRepeat whether they may have been written before by another step
   * @param by.isContactNew that GHL has made the contact in this very step: nobody has to look what it has already
   */
  async function tell(args: AssignmentArgs, facts: ExplainedFacts, by: TellingBy = {}): Promise<void> {
    const looks = by.isRepeat === true || mayBeRepeat();
    const begin = (to: string) => [writeNote(args, facts, to, looks), writeTask(args, facts, to, looks)];
    await tellParts(args, facts, begin, by.isContactNew);
  }

  async function tellParts(
    args: AssignmentArgs,
    facts: ExplainedFacts,
    begin: (ghlContactId: string) => Promise<Written | undefined>[],
    isContactNew = false,
  ): Promise<void> {
    if (facts.isReleased || facts.isContactDeleted) return;
    const { ghlContactId, pipelineId } = facts;
    if (ghlContactId === null) {
      throw ApplicationFailure.nonRetryable('the lead has no contact of its own in the location', 'NoContact');
    }
    await talkingToGhl(async () => {
      const parts = begin(ghlContactId);
      if (facts.ghlOpportunityId === null && pipelineId !== null) {
        parts.push(openOpportunity(facts, { contactId: ghlContactId, pipelineId }, isContactNew));
      }
      await rememberAll(args, parts);
    }, 'wait');
  }

  async function openOpportunity(
    facts: AssignmentFacts,
    to: { contactId: string; pipelineId: string },
    isContactNew: boolean,
  ): Promise<Written> {
    const earlier = isContactNew ? [] : await searchOpportunities(ghl, callOf(facts), to);
    const askedAt = deps.now();
    const { opportunityId, made } = await writeOpportunity(ghl, reads, callOf(facts), facts, to, earlier);
    const mirror = async (tx: Transaction<Database>): Promise<void> => {
      if (made) await mirrorMade(tx, facts, 'opportunity', observeOpportunity(made, askedAt));
    };
    return { change: { ghl_opportunity_id: opportunityId }, mirror };
  }

  /**
   * Remembers together what could be written, before it says what could not: no part keeps another back.
   * @throws the first failure: of those that may work later, where there is one
   */
  async function rememberAll(args: AssignmentArgs, parts: readonly Promise<Written | undefined>[]): Promise<void> {
    const ended = await Promise.allSettled(parts);
    await remember(
      args,
      ended.flatMap((each) => (each.status === 'fulfilled' && each.value ? [each.value] : [])),
    );
    const failed = ended.flatMap((each) => (each.status === 'rejected' ? [failureOf(each.reason)] : []));
    if (failed.length > 0) throw failed.find((each) => !isFinal(each)) ?? failed[0];
  }

  async function writeNote(
    args: AssignmentArgs,
    facts: ExplainedFacts,
    ghlContactId: string,
    looks: boolean,
  ): Promise<Written | undefined> {
    if (facts.ghlNoteId !== null) return undefined;
    const call = callOf(facts);
    const marker = markerOf(args);
    const earlier = looks ? await listNotes(ghl, call, ghlContactId) : [];
    const found = earlier.find((note) => note.body?.includes(marker));
    const askedAt = deps.now();
    const body = `${explainAssignment(facts)}\n${marker}`;
    const note = found ?? (await createNote(ghl, call, ghlContactId, { body }));
    const mirror = (tx: Transaction<Database>): Promise<void> =>
      mirrorMade(tx, facts, 'note', observeNote(note, ghlContactId, askedAt));
    return { change: { ghl_note_id: note.id }, mirror };
  }

  async function writeTask(
    args: AssignmentArgs,
    facts: AssignmentFacts,
    ghlContactId: string,
    looks: boolean,
  ): Promise<Written | undefined> {
    const { ghlUserId } = facts;
    if (facts.ghlTaskId !== null || ghlUserId === null) return undefined;
    const askedAt = deps.now();
    const { noticeId, task } = await deps.notifier.notify({
      call: callOf(facts),
      ghlContactId,
      ghlUserId,
      marker: markerOf(args),
      dueAt: new Date(deps.now().getTime() + CALL_WITHIN_MS),
      mayBeRepeat: looks,
    });
    const mirror = async (tx: Transaction<Database>): Promise<void> => {
      if (task) await mirrorMade(tx, facts, 'task', observeTask(task, ghlContactId, askedAt));
    };
    return { change: { ghl_task_id: noticeId }, mirror };
  }

  return { explain, notify, tell };
}

const markerOf = ({ assignmentId }: AssignmentArgs): string => `[switchyard ${assignmentId}]`;

const failureOf = (error: unknown): unknown =>
  error instanceof GhlError ? toApplicationFailure(error, 'wait') : error;

const isFinal = (failure: unknown): boolean => failure instanceof ApplicationFailure && failure.nonRetryable === true;
