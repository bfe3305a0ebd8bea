import { ApplicationFailure, Context } from '@temporalio/activity';
import { updateAssignment } from '../db/assignments.ts';
import type { PlacementFacts } from '../db/lead-placement.ts';
import { withScope } from '../db/scope.ts';
import { explainAssignment } from '../domain/lead-note.ts';
import type { GhlCalls, LocationCall } from '../ghl/calls.ts';
import { createNote, getContact, listNotes, updateContact } from '../ghl/contacts.ts';
import { GhlNotFoundError } from '../ghl/errors.ts';
import { updateOpportunityStatus } from '../ghl/opportunities.ts';
import type { StoreDeps } from './dependencies.ts';
import { talkingToGhl } from './ghl-failure.ts';
import { writeContact } from './lead-contact.ts';
import { type AssignmentArgs, findWrittenFacts, getAssignmentFacts } from './lead-facts.ts';
import { writeOpportunity } from './lead-opportunity.ts';
import { createLeadReread } from './lead-reread.ts';
import type { RepNotifier } from './rep-notifier.ts';
import { mapStoreFailures } from './store-failure.ts';

export interface GhlDeps extends StoreDeps {
  ghl: GhlCalls;
  notifier: RepNotifier;
}

/** A rep should call within this time of the assignment. */
const CALL_WITHIN_MS = 15 * 60_000;

/** The steps of a lead that talk to GHL. Each remembers in the assignment's row what it has done, and a repeat skips it. */
export function createLeadGhlActivities(deps: GhlDeps) {
  const { ghl } = deps;

  const remember = ({ agencyId, assignmentId }: AssignmentArgs, change: Parameters<typeof updateAssignment>[2]) =>
    withScope(deps.db, { agencyId }, (tx) => updateAssignment(tx, assignmentId, change));

  /**
   * Puts the person into the chosen location as a contact of the chosen rep. Repeatable: found or updated, never
   * doubled. A person who can have no contact of their own there is left out; `explainLead` says so.
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
   * @throws ApplicationFailure NoContact, final, when the person has no contact of their own in the location
   */
  async function explainLead(args: AssignmentArgs): Promise<void> {
    const facts = await getAssignmentFacts(deps.db, args);
    if (facts.isReleased) return;
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
        const opportunityId = await writeOpportunity(ghl, call, facts, { contactId: ghlContactId, pipelineId });
        await remember(args, { ghl_opportunity_id: opportunityId });
      }
    });
  }

  /** Tells the rep. Repeatable: a notice that went out before is found again. */
  async function notifyRep(args: AssignmentArgs): Promise<void> {
    const facts = await getAssignmentFacts(deps.db, args);
    const { ghlContactId, ghlUserId } = facts;
    if (ghlContactId === null || ghlUserId === null || facts.ghlTaskId !== null || facts.isReleased) return;
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
    });
  }

  /** Whom GHL shows as the contact's user now; null for nobody, or where the lead has no contact. */
  async function readAssignedUser(args: AssignmentArgs): Promise<{ ghlUserId: string | null }> {
    const facts = await findWrittenFacts(deps.db, args);
    if (!facts) return { ghlUserId: null };
    const contact = await talkingToGhl(() => getContact(ghl, callOf(facts), facts.ghlContactId));
    return { ghlUserId: contact.assignedTo };
  }

  /**
   * The lead has moved to another location: the contact here belongs to nobody now, its opportunity is abandoned. Where
   * the lead moved within the location it still has this contact, and nothing is withdrawn. Repeatable.
   */
  async function withdrawLead(args: AssignmentArgs): Promise<void> {
    const facts = await findWrittenFacts(deps.db, args);
    if (!facts || facts.ghlContactId === facts.activeContactId) return;
    const { ghlContactId, ghlOpportunityId } = facts;
    await talkingToGhl(async () => {
      const call = callOf(facts);
      await ignoringMissing(() => updateContact(ghl, call, ghlContactId, { assignedTo: null }));
      if (ghlOpportunityId !== null) {
        await ignoringMissing(() => updateOpportunityStatus(ghl, call, ghlOpportunityId, 'abandoned'));
      }
    });
  }

  /** The lead was closed here: its opportunity follows. Repeatable. */
  async function finishLead(args: AssignmentArgs): Promise<void> {
    const facts = await findWrittenFacts(deps.db, args);
    if (!facts) return;
    const { ghlOpportunityId, closeReason } = facts;
    if (ghlOpportunityId === null) return;
    if (closeReason !== 'won' && closeReason !== 'lost' && closeReason !== 'abandoned') return;
    await talkingToGhl(() =>
      ignoringMissing(() => updateOpportunityStatus(ghl, callOf(facts), ghlOpportunityId, closeReason)),
    );
  }

  const { rereadContact } = createLeadReread(deps);
  return mapStoreFailures({
    rereadContact,
    placeLead,
    explainLead,
    notifyRep,
    readAssignedUser,
    withdrawLead,
    finishLead,
  });
}

export type LeadGhlActivities = ReturnType<typeof createLeadGhlActivities>;

const callOf = (facts: PlacementFacts): LocationCall => ({
  resource: { kind: 'location', ...facts.address },
  lane: 'interactive',
  signal: Context.current().cancellationSignal,
});

const markerOf = ({ assignmentId }: AssignmentArgs): string => `[switchyard ${assignmentId}]`;

const mayBeRepeat = (): boolean => Context.current().info.attempt > 1;

/** What a person deleted in GHL meanwhile needs no change any more. */
async function ignoringMissing(step: () => Promise<unknown>): Promise<void> {
  try {
    await step();
  } catch (error) {
    if (!(error instanceof GhlNotFoundError)) throw error;
  }
}
