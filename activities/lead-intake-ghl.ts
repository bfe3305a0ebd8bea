import { Context } from '@temporalio/activity';
import { updateAssignment } from '../db/assignments.ts';
import { type PlacementFacts, getPlacementFacts } from '../db/lead-placement.ts';
import { withScope } from '../db/scope.ts';
import { chooseContact } from '../domain/contact-match.ts';
import { explainAssignment } from '../domain/lead-note.ts';
import type { GhlCalls, LocationCall } from '../ghl/calls.ts';
import {
  createNote,
  findDuplicateContact,
  getContact,
  listNotes,
  updateContact,
  upsertContact,
} from '../ghl/contacts.ts';
import { GhlNotFoundError } from '../ghl/errors.ts';
import { updateOpportunityStatus, upsertOpportunity } from '../ghl/opportunities.ts';
import type { StoreDeps } from './dependencies.ts';
import { talkingToGhl } from './ghl-failure.ts';
import { createLeadReread } from './lead-reread.ts';
import type { RepNotifier } from './rep-notifier.ts';

export interface GhlDeps extends StoreDeps {
  ghl: GhlCalls;
  notifier: RepNotifier;
}

interface AssignmentArgs {
  agencyId: string;
  leadId: string;
  assignmentId: string;
}

/** A rep should call within this time of the assignment. */
const CALL_WITHIN_MS = 15 * 60_000;

/** The steps of a lead that talk to GHL. Each remembers in the assignment's row what it has done, and a repeat skips it. */
export function createLeadGhlActivities(deps: GhlDeps) {
  const { ghl } = deps;

  const factsOf = ({ agencyId, assignmentId }: AssignmentArgs): Promise<PlacementFacts> =>
    withScope(deps.db, { agencyId }, (tx) => getPlacementFacts(tx, assignmentId));
  const remember = ({ agencyId, assignmentId }: AssignmentArgs, change: Parameters<typeof updateAssignment>[2]) =>
    withScope(deps.db, { agencyId }, (tx) => updateAssignment(tx, assignmentId, change));

  /** Puts the person into the chosen location as a contact of the chosen rep. Repeatable: found or updated, never doubled. */
  async function placeLead(args: AssignmentArgs): Promise<void> {
    const facts = await factsOf(args);
    if (facts.ghlContactId !== null) return;
    await talkingToGhl(async () => {
      const ghlContactId = await writeContact(facts, callOf(facts));
      await remember(args, { ghl_contact_id: ghlContactId });
    });
  }

  async function writeContact(facts: PlacementFacts, call: LocationCall): Promise<string> {
    const { person, ghlUserId } = facts;
    const assigned = { assignedTo: ghlUserId };
    if (facts.knownContactId !== null) {
      // It came in through this very account, or was here before.
      await updateContact(ghl, call, facts.knownContactId, assigned);
      return facts.knownContactId;
    }
    const byEmail = person.email === null ? undefined : await findDuplicateContact(ghl, call, { email: person.email });
    const byPhone = person.phone === null ? undefined : await findDuplicateContact(ghl, call, { phone: person.phone });
    const choice = chooseContact(person, byEmail, byPhone);
    switch (choice.write) {
      case 'none':
        return choice.contactId;
      case 'update':
        await updateContact(ghl, call, choice.contactId, { ...choice.fields, ...assigned });
        return choice.contactId;
      case 'upsert': {
        const { postcode: postalCode, country } = facts;
        const fields = { ...choice.identity, postalCode, country, ...assigned, source: 'Switchyard' };
        return (await upsertContact(ghl, call, withoutNulls(fields))).contact.id;
      }
    }
  }

  /** Writes into GHL why the lead came here, and opens its opportunity where the location has a pipeline. Repeatable. */
  async function explainLead(args: AssignmentArgs): Promise<void> {
    const facts = await factsOf(args);
    const { ghlContactId } = facts;
    if (ghlContactId === null) return;
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
      if (facts.ghlOpportunityId === null && facts.pipelineId !== null) {
        const { pipelineId, pipelineStageId, ghlUserId } = facts;
        const { opportunity } = await upsertOpportunity(ghl, call, {
          pipelineId,
          ...(pipelineStageId === null ? {} : { pipelineStageId }),
          contactId: ghlContactId,
          name: [facts.person.firstName, facts.person.lastName].filter(Boolean).join(' ') || 'New lead',
          status: 'open',
          ...(ghlUserId === null ? {} : { assignedTo: ghlUserId }),
        });
        await remember(args, { ghl_opportunity_id: opportunity.id });
      }
    });
  }

  /** Tells the rep. Repeatable: a notice that went out before is found again. */
  async function notifyRep(args: AssignmentArgs): Promise<void> {
    const facts = await factsOf(args);
    const { ghlContactId, ghlUserId } = facts;
    if (ghlContactId === null || ghlUserId === null || facts.ghlTaskId !== null) return;
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

  /** Whom GHL shows as the contact's user now. */
  async function readAssignedUser(args: AssignmentArgs): Promise<{ ghlUserId: string | null }> {
    const facts = await factsOf(args);
    const { ghlContactId } = facts;
    if (ghlContactId === null) return { ghlUserId: null };
    const contact = await talkingToGhl(() => getContact(ghl, callOf(facts), ghlContactId));
    return { ghlUserId: contact.assignedTo };
  }

  /** The lead has moved to another location: the contact here belongs to nobody now, its opportunity is abandoned. Repeatable. */
  async function withdrawLead(args: AssignmentArgs): Promise<void> {
    const facts = await factsOf(args);
    if (facts.ghlContactId === null || facts.ghlContactId === facts.activeContactId) return;
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
    const facts = await factsOf(args);
    const { ghlOpportunityId, closeReason } = facts;
    if (ghlOpportunityId === null) return;
    if (closeReason !== 'won' && closeReason !== 'lost' && closeReason !== 'abandoned') return;
    await talkingToGhl(() =>
      ignoringMissing(() => updateOpportunityStatus(ghl, callOf(facts), ghlOpportunityId, closeReason)),
    );
  }

  const { rereadContact } = createLeadReread(deps);
  return { rereadContact, placeLead, explainLead, notifyRep, readAssignedUser, withdrawLead, finishLead };
}

export type LeadGhlActivities = ReturnType<typeof createLeadGhlActivities>;

const callOf = (facts: PlacementFacts): LocationCall => ({
  resource: { kind: 'location', ...facts.address },
  lane: 'interactive',
  signal: Context.current().cancellationSignal,
});

const markerOf = ({ assignmentId }: AssignmentArgs): string => `[switchyard ${assignmentId}]`;

const mayBeRepeat = (): boolean => Context.current().info.attempt > 1;

const withoutNulls = <T extends Record<string, string | null>>(fields: T): { [K in keyof T]?: string } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as { [K in keyof T]?: string };

/** What a person deleted in GHL meanwhile needs no change any more. */
async function ignoringMissing(step: () => Promise<unknown>): Promise<void> {
  try {
    await step();
  } catch (error) {
    if (!(error instanceof GhlNotFoundError)) throw error;
  }
}
