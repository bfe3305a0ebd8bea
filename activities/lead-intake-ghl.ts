import { ApplicationFailure, Context } from '@temporalio/activity';
import { updateAssignment } from '../db/assignments.ts';
import { withScope } from '../db/scope.ts';
import { explainAssignment } from '../domain/lead-note.ts';
import { createNote, getContact, listNotes } from '../ghl/contacts.ts';
import type { GhlDeps } from './dependencies.ts';
import { callOf, talkingToGhl } from './ghl-step.ts';
import { writeContact } from './lead-contact.ts';
import { type AssignmentArgs, findWrittenFacts, getAssignmentFacts } from './lead-facts.ts';
import { writeOpportunity } from './lead-opportunity.ts';
import { createLeadMerge } from './lead-merge.ts';
import { createLeadReread } from './lead-reread.ts';
import { createLeadWithdrawal } from './lead-withdrawal.ts';
import { mapStoreFailures } from './store-failure.ts';

/** A rep should call within this time of the assignment. */
const CALL_WITHIN_MS = 15 * 60_000;

/** The steps of a lead that talk to GHL. Each remembers in the assignment's row what it has done, and a repeat skips it. */
export function createLeadGhlActivities(deps: GhlDeps) {
  const { ghl, reads } = deps;

  const remember = ({ agencyId, assignmentId }: AssignmentArgs, change: Parameters<typeof updateAssignment>[2]) =>
    withScope(deps.db, { agencyId }, (tx) => updateAssignment(tx, assignmentId, change));

  /**
   * Puts the person into the chosen location as a contact of the chosen rep. Repeatable: found or updated, never
   * doubled. A person who can have no contact of their own there is left out; `explainLead` says so. Where the location
   * must be connected again the lead does not wait for that: another one takes it.
   */
  async function placeLead(args: AssignmentArgs): Promise<void> {
    const facts = await getAssignmentFacts(deps.db, args);
    if (facts.ghlContactId !== null || facts.isReleased) return;
    await talkingToGhl(async () => {
      const ghlContactId = await writeContact(ghl, callOf(facts), facts);
      if (ghlContactId !== undefined) await remember(args, { ghl_contact_id: ghlContactId });
    });
  }

  /**
   * Writes into GHL why the lead came here, and opens its opportunity where the location has a pipeline. Repeatable.
   * Of a contact that was deleted nothing is told: the event of that ends the lead.
   * @throws ApplicationFailure, final: NoContact when the person has no contact of their own in the location,
   * PipelineGone when there is no longer a pipeline for its opportunity
   */
  async function explainLead(args: AssignmentArgs): Promise<void> {
    const facts = await getAssignmentFacts(deps.db, args);
    if (facts.isReleased || facts.isContactDeleted) return;
    const { ghlContactId, pipelineId } = facts;
    if (ghlContactId === null) {
      throw ApplicationFailure.nonRetryable('the lead has no contact of its own in the location', 'NoContact');
    }
    const call = callOf(facts);
    await talkingToGhl(async () => {
      if (facts.ghlNoteId === null) {
        const marker = markerOf(args);
        const earlier = mayBeRepeat() ? await listNotes(ghl, call, ghlContactId) : [];
        const found = earlier.find((note) => note.body?.includes(marker));
        const note =
          found ?? (await createNote(ghl, call, ghlContactId, { body: `${explainAssignment(facts)}\n${marker}` }));
        await remember(args, { ghl_note_id: note.id });
      }
      if (facts.ghlOpportunityId === null && pipelineId !== null) {
        const opportunityId = await writeOpportunity(ghl, reads, call, facts, { contactId: ghlContactId, pipelineId });
        await remember(args, { ghl_opportunity_id: opportunityId });
      }
    }, 'wait');
  }

  /** Tells the rep. Repeatable: a notice that went out before is found again. */
  async function notifyRep(args: AssignmentArgs): Promise<void> {
    const facts = await getAssignmentFacts(deps.db, args);
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
      const taskId = await deps.notifier.notify({
        call: callOf(facts),
        ghlContactId,
        ghlUserId,
        marker: markerOf(args),
        dueAt: new Date(deps.now().getTime() + CALL_WITHIN_MS),
        mayBeRepeat: mayBeRepeat(),
      });
      await remember(args, { ghl_task_id: taskId });
    }, 'wait');
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
    explainLead,
    notifyRep,
    readAssignedUser,
    ...createLeadWithdrawal(deps),
    ...createLeadMerge(deps),
  });
}

export type LeadGhlActivities = ReturnType<typeof createLeadGhlActivities>;

const markerOf = ({ assignmentId }: AssignmentArgs): string => `[switchyard ${assignmentId}]`;

const mayBeRepeat = (): boolean => Context.current().info.attempt > 1;
