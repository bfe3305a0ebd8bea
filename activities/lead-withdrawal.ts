import type { GhlDeps } from './dependencies.ts';
import { type AssignmentArgs, findWrittenFacts, getAssignmentFacts } from './lead-facts.ts';
import { getContact, updateContact } from '../ghl/contacts.ts';
import { updateOpportunity, updateOpportunityStatus } from '../ghl/opportunities.ts';
import { callOf, ignoringMissing, talkingToGhl } from './ghl-step.ts';
import { findOwnContact } from './lead-contact.ts';

/** The steps by which GHL follows what became of an assignment. All of them are repeatable. */
export function createLeadWithdrawal({ db, ghl, notifier }: GhlDeps) {
  /**
   * The lead has gone to another rep: the notice of this one is taken back. Where it has left the location, the contact
   * here belongs to nobody now and its opportunity is abandoned; where it moved within, it still has both.
   */
  async function withdrawLead(args: AssignmentArgs): Promise<void> {
    const facts = await findWrittenFacts(db, args);
    if (!facts) return;
    const { ghlContactId, ghlOpportunityId, ghlTaskId } = facts;
    await talkingToGhl(async () => {
      const call = callOf(facts);
      if (ghlTaskId !== null)
        await ignoringMissing(() => notifier.takeBack({ call, ghlContactId, noticeId: ghlTaskId }));
      if (ghlContactId === facts.activeContactId) return;
      await ignoringMissing(() => updateContact(ghl, call, ghlContactId, { assignedTo: null }));
      if (ghlOpportunityId !== null) {
        await ignoringMissing(() => updateOpportunityStatus(ghl, call, ghlOpportunityId, 'abandoned'));
      }
    });
  }

  /** The lead was closed here: its opportunity follows, and nobody is asked any more to get in touch. */
  async function finishLead(args: AssignmentArgs): Promise<void> {
    const facts = await findWrittenFacts(db, args);
    if (!facts) return;
    const { ghlContactId, ghlTaskId, closeReason } = facts;
    // Closed before GHL was told of the last move: the opportunity is still noted with the assignment before.
    const ghlOpportunityId = facts.ghlOpportunityId ?? facts.knownOpportunityId;
    if (closeReason !== 'won' && closeReason !== 'lost' && closeReason !== 'abandoned') return;
    await talkingToGhl(async () => {
      const call = callOf(facts);
      if (ghlTaskId !== null)
        await ignoringMissing(() => notifier.takeBack({ call, ghlContactId, noticeId: ghlTaskId }));
      if (ghlOpportunityId !== null) {
        await ignoringMissing(() => updateOpportunityStatus(ghl, call, ghlOpportunityId, closeReason));
      }
    }, 'wait');
  }

  /** Somebody gave the contact to another rep in GHL, and the lead has followed: so does its opportunity. */
  async function handOver(args: AssignmentArgs): Promise<void> {
    const facts = await findWrittenFacts(db, args);
    if (!facts || facts.isReleased || facts.ghlOpportunityId === null) return;
    const { ghlOpportunityId, ghlUserId } = facts;
    await talkingToGhl(
      () => ignoringMissing(() => updateOpportunity(ghl, callOf(facts), ghlOpportunityId, { assignedTo: ghlUserId })),
      'wait',
    );
  }

  /**
   * A placement was given up, and GHL may have carried it out all the same, its answer lost: where the contact shows
   * the rep who did not get the lead, it shows again who has it there, or nobody.
   */
  async function undoPlacement(args: AssignmentArgs): Promise<void> {
    const facts = await getAssignmentFacts(db, args);
    if (!facts.isReleased || facts.ghlUserId === null) return;
    const { person, ghlUserId, activeContactId, activeGhlUserId } = facts;
    await talkingToGhl(async () => {
      const call = callOf(facts);
      const contactId = facts.ghlContactId ?? facts.knownContactId ?? (await findOwnContact(ghl, call, person));
      if (contactId === undefined) return;
      await ignoringMissing(async () => {
        const { assignedTo } = await getContact(ghl, call, contactId);
        const rightful = contactId === activeContactId ? activeGhlUserId : null;
        if (assignedTo === ghlUserId && rightful !== ghlUserId) {
          await updateContact(ghl, call, contactId, { assignedTo: rightful });
        }
      });
    });
  }

  return { withdrawLead, finishLead, handOver, undoPlacement };
}
