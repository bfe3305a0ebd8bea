import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Transaction } from 'kysely';
import { updateAssignment } from '../db/assignments.ts';
import type { Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import type { LeadStanding } from '../domain/lead-messages.ts';
import { explainAssignment } from '../domain/lead-note.ts';
import { createNote, getContact, listNotes } from '../ghl/contacts.ts';
import type { GhlDeps } from './dependencies.ts';
import { callOf, talkingToGhl } from './ghl-step.ts';
import { confirmReserved } from './lead-assignment.ts';
import { writeContact } from './lead-contact.ts';
import {
  type AssignmentArgs,
  type AssignmentFacts,
  type ExplainedFacts,
  findWrittenFacts,
  getAssignmentFacts,
  getExplainedFacts,
} from './lead-facts.ts';
import { mirrorMade, mirrorMadeContact } from './lead-mirror.ts';
import { writeOpportunity } from './lead-opportunity.ts';
import { createLeadMerge } from './lead-merge.ts';
import { createLeadReread } from './lead-reread.ts';
import { createLeadWithdrawal } from './lead-withdrawal.ts';
import { observeContact, observeNote, observeOpportunity, observeTask } from './mirror-observations.ts';
import { judgeStoreError, mapStoreFailures } from './store-failure.ts';

/** A rep should call within this time of the assignment. */
const CALL_WITHIN_MS = 15 * 60_000;

/**
 * The steps of a lead that talk to GHL. Each remembers in the assignment's row what it has done, and a repeat skips it. What
 * GHL shows of a record that a step has made goes into the mirror with that: the event of it has nothing to tell then.
 */
export function createLeadGhlActivities(deps: GhlDeps) {
  const { ghl, reads } = deps;

  /** What the mirror will not have keeps no lead back: it is remembered without, and the event of it is read. */
  async function remember(
    { agencyId, assignmentId }: AssignmentArgs,
    change: Parameters<typeof updateAssignment>[2],
    mirror: (tx: Transaction<Database>) => Promise<void> = async () => {},
  ): Promise<void> {
    const stored = withScope(deps.db, { agencyId }, async (tx) => {
      await updateAssignment(tx, assignmentId, change);
      await mirror(tx);
      return true;
    });
    if (await nullIfFinal(stored)) return;
    await withScope(deps.db, { agencyId }, (tx) => updateAssignment(tx, assignmentId, change));
  }

  /** Puts the person into GHL, and has what was done there stored by `store`. */
  async function writePerson<T>(
    facts: AssignmentFacts,
    store: (done: { contactId: string | null; mirror: (tx: Transaction<Database>) => Promise<void> }) => Promise<T>,
  ): Promise<T> {
    return talkingToGhl(async () => {
      const askedAt = deps.now();
      const written = await writeContact(ghl, callOf(facts), facts);
      const made = written?.made;
      const mirror = async (tx: Transaction<Database>): Promise<void> => {
        if (made) await mirrorMadeContact(tx, deps, facts, observeContact(made, askedAt));
      };
      return store({ contactId: written?.contactId ?? null, mirror });
    });
  }

  /**
   * Puts the person into the chosen location as a contact of the chosen rep. Repeatable: found or updated, never
   * doubled. A person who can have no contact of their own there is left out; `explainLead` says so. Where the location
   * must be connected again the lead does not wait for that: another one takes it.
   */
  async function placeLead(args: AssignmentArgs): Promise<void> {
    const facts = await getAssignmentFacts(deps.db, args);
    if (facts.ghlContactId !== null || facts.isReleased) return;
    await writePerson(facts, async ({ contactId, mirror }) => {
      if (contactId !== null) await remember(args, { ghl_contact_id: contactId }, mirror);
    });
  }

  /**
   * Does what `placeLead` does, and makes the reservation the assignment that counts in the transaction that remembers the
   * contact: what `confirmAssignment` does where there is nothing to be written. Repeatable.
   * @returns null when the lead is in GHL and cannot be confirmed with all that, which no waiting mends: `confirmAssignment`
   * does without the mirror, or says why it cannot
   */
  async function assignLead(args: AssignmentArgs): Promise<LeadStanding | null> {
    const facts = await getAssignmentFacts(deps.db, args);
    if (facts.ghlContactId !== null || facts.isReleased) return nullIfFinal(confirmReserved(deps, args));
    return writePerson(facts, async ({ contactId, mirror }) => {
      const change = { ghl_contact_id: contactId };
      const confirmed = await nullIfFinal(
        confirmReserved(deps, args, async (tx) => {
          if (contactId === null) return;
          await updateAssignment(tx, args.assignmentId, change);
          await mirror(tx);
        }),
      );
      if (!confirmed && contactId !== null) await remember(args, change);
      return confirmed;
    });
  }

  /**
   * Writes into GHL why the lead came here, and opens its opportunity where the location has a pipeline. Repeatable.
   * Of a contact that was deleted nothing is told: the event of that ends the lead.
   * @throws ApplicationFailure, final: NoContact when the person has no contact of their own in the location,
   * PipelineGone when there is no longer a pipeline for its opportunity
   */
  async function explainLead(args: AssignmentArgs): Promise<void> {
    await explain(args, await getExplainedFacts(deps.db, args));
  }

  async function explain(args: AssignmentArgs, facts: ExplainedFacts): Promise<void> {
    throwGathered([
      await failureOf(() => writeNote(args, facts), 'final'),
      await failureOf(() => openOpportunity(args, facts), 'final'),
    ]);
  }

  /** @throws ApplicationFailure NoContact, final */
  async function writeNote(args: AssignmentArgs, facts: ExplainedFacts): Promise<void> {
    if (facts.isReleased || facts.isContactDeleted) return;
    const { ghlContactId } = facts;
    if (ghlContactId === null) {
      throw ApplicationFailure.nonRetryable('the lead has no contact of its own in the location', 'NoContact');
    }
    if (facts.ghlNoteId !== null) return;
    const call = callOf(facts);
    await talkingToGhl(async () => {
      const marker = markerOf(args);
      const earlier = mayBeRepeat() ? await listNotes(ghl, call, ghlContactId) : [];
      const found = earlier.find((note) => note.body?.includes(marker));
      const askedAt = deps.now();
      const note =
        found ?? (await createNote(ghl, call, ghlContactId, { body: `${explainAssignment(facts)}\n${marker}` }));
      await remember(args, { ghl_note_id: note.id }, (tx) =>
        mirrorMade(tx, facts, 'note', observeNote(note, ghlContactId, askedAt)),
      );
    }, 'wait');
  }

  /** @throws ApplicationFailure PipelineGone, final */
  async function openOpportunity(args: AssignmentArgs, facts: ExplainedFacts): Promise<void> {
    const { ghlContactId, pipelineId } = facts;
    if (facts.isReleased || facts.isContactDeleted || ghlContactId === null) return;
    if (facts.ghlOpportunityId !== null || pipelineId === null) return;
    await talkingToGhl(async () => {
      const askedAt = deps.now();
      const to = { contactId: ghlContactId, pipelineId };
      const { opportunityId, made } = await writeOpportunity(ghl, reads, callOf(facts), facts, to);
      await remember(args, { ghl_opportunity_id: opportunityId }, async (tx) => {
        if (made) await mirrorMade(tx, facts, 'opportunity', observeOpportunity(made, askedAt));
      });
    }, 'wait');
  }

  /** Tells the rep. Repeatable: a notice that went out before is found again. */
  async function notifyRep(args: AssignmentArgs): Promise<void> {
    await notify(args, await getAssignmentFacts(deps.db, args));
  }

  async function notify(args: AssignmentArgs, facts: AssignmentFacts): Promise<void> {
    const { ghlContactId, ghlUserId } = facts;
    if (
      facts.isContactDeleted ||
      ghlContactId === null ||
      ghlUserId === null ||
      facts.ghlTaskId !== null ||
      facts.isReleased
    )
      return;
    await talkingToGhl(async () => {
      const askedAt = deps.now();
      const { noticeId, task } = await deps.notifier.notify({
        call: callOf(facts),
        ghlContactId,
        ghlUserId,
        marker: markerOf(args),
        dueAt: new Date(deps.now().getTime() + CALL_WITHIN_MS),
        mayBeRepeat: mayBeRepeat(),
      });
      await remember(args, { ghl_task_id: noticeId }, async (tx) => {
        if (task) await mirrorMade(tx, facts, 'task', observeTask(task, ghlContactId, askedAt));
      });
    }, 'wait');
  }

  /**
   * Does what `explainLead` and then `notifyRep` do. Repeatable, and fails as they do: but the rep is told also where the note
   * or the opportunity fails for good, and where the opportunity cannot be made now.
   */
  async function tellLead(args: AssignmentArgs): Promise<void> {
    const facts = await getExplainedFacts(deps.db, args);
    throwGathered([
      await failureOf(() => writeNote(args, facts), 'final'),
      await failureOf(() => openOpportunity(args, facts), 'any'),
      await failureOf(() => notify(args, facts), 'final'),
    ]);
  }

  /** Whom GHL shows as the contact's user now; null for nobody, or where the lead has no contact. */
  async function readAssignedUser(args: AssignmentArgs): Promise<{ ghlUserId: string | null }> {
    const facts = await findWrittenFacts(deps.db, args);
    if (!facts) return { ghlUserId: null };
    const contact = await talkingToGhl(() => getContact(ghl, callOf(facts), facts.ghlContactId));
    return { ghlUserId: contact.assignedTo };
  }

  const { rereadContact } = createLeadReread(deps);
  return mapStoreFailures({
    rereadContact,
    placeLead,
    assignLead,
    explainLead,
    notifyRep,
    tellLead,
    readAssignedUser,
    ...createLeadWithdrawal(deps),
    ...createLeadMerge(deps),
  });
}

export type LeadGhlActivities = ReturnType<typeof createLeadGhlActivities>;

const markerOf = ({ assignmentId }: AssignmentArgs): string => `[switchyard ${assignmentId}]`;

/** What a step of several failed with, one of which keeps the others back only where it may work later and is not `any`. */
async function failureOf(step: () => Promise<void>, kept: 'final' | 'any'): Promise<ApplicationFailure | undefined> {
  try {
    await step();
    return undefined;
  } catch (error) {
    if (!(error instanceof ApplicationFailure) || (kept === 'final' && error.nonRetryable !== true)) throw error;
    return error;
  }
}

/** @throws the first of the failures: of those that may work later, where there is one */
function throwGathered(failures: readonly (ApplicationFailure | undefined)[]): void {
  const failed = failures.filter((failure) => failure !== undefined);
  const first = failed.find(({ nonRetryable }) => nonRetryable !== true) ?? failed[0];
  if (first) throw first;
}

async function nullIfFinal<T>(step: Promise<T>): Promise<T | null> {
  try {
    return await step;
  } catch (error) {
    if (error instanceof ApplicationFailure || judgeStoreError(error).kind !== 'final') throw error;
    return null;
  }
}

const mayBeRepeat = (): boolean => Context.current().info.attempt > 1;
