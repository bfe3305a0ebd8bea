import { findGhlAddress, type GhlAddress } from '../db/locations.ts';
import { findLead } from '../db/leads.ts';
import { getPerson } from '../db/persons.ts';
import { withScope } from '../db/scope.ts';
import type { ContactIdentity } from '../domain/contact-match.ts';
import type { GhlDeps } from './dependencies.ts';
import { callOf, talkingToGhl } from './ghl-step.ts';
import { findOwnContact } from './lead-contact.ts';
import { type AssignmentArgs, findWrittenFacts } from './lead-facts.ts';

type MergeArgs = AssignmentArgs & { deletedContactId: string };

export function createLeadMerge({ db, ghl }: Pick<GhlDeps, 'db' | 'ghl'>) {
  /**
   * Looks for the contact into which a deleted one was merged: GHL has no event of a merge, only that one contact is
   * gone. It is the one that has the person's e-mail or phone in the location now: that of the assignment, or, while the
   * lead has no contact there, as in a queue, the one it came in by. Repeatable: it only reads.
   * @returns null when the deleted contact is not the lead's, or nobody has the person's identifiers
   * @throws ApplicationFailure of GHL; AssignmentNotFound, LocationNotConnected, final
   */
  async function findMergedContact(args: MergeArgs): Promise<{ ghlContactId: string | null }> {
    const written = await findWrittenFacts(db, args);
    const of = written ? { ...written, contactId: written.ghlContactId } : await findSource(args);
    if (of?.contactId !== args.deletedContactId) return { ghlContactId: null };
    // Who has no contact waits for a place, and often for the very authority that could tell.
    const whenDisconnected = written ? 'fail' : 'wait';
    const found = await talkingToGhl(() => findOwnContact(ghl, callOf(of), of.person), whenDisconnected);
    // GHL still finds the deleted one: it was restored, or is not gone from there yet.
    return { ghlContactId: found === undefined || found === args.deletedContactId ? null : found };
  }

  /** The contact a lead came in as, and where. */
  async function findSource({
    agencyId,
    leadId,
  }: MergeArgs): Promise<{ contactId: string; address: GhlAddress; person: ContactIdentity } | undefined> {
    return withScope(db, { agencyId }, async (tx) => {
      const lead = await findLead(tx, leadId);
      if (!lead?.source_contact_id || lead.person_id === null) return undefined;
      const address = await findGhlAddress(tx, lead.intake_location_id);
      const person = await getPerson(tx, lead.person_id);
      return address && { contactId: lead.source_contact_id, address, person };
    });
  }

  return { findMergedContact };
}
