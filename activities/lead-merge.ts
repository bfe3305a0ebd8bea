import type { GhlDeps } from './dependencies.ts';
import { callOf, talkingToGhl } from './ghl-step.ts';
import { findOwnContact } from './lead-contact.ts';
import { type AssignmentArgs, findWrittenFacts } from './lead-facts.ts';

export function createLeadMerge({ db, ghl }: Pick<GhlDeps, 'db' | 'ghl'>) {
  /**
   * Looks for the contact into which a deleted one was merged: GHL has no event of a merge, only that one contact is
   * gone. It is the one that has the person's e-mail or phone in the location now. Repeatable: it only reads.
   * @returns null when the deleted contact is not the assignment's, or nobody has the person's identifiers
   * @throws ApplicationFailure of GHL; AssignmentNotFound, LocationNotConnected, final
   */
  async function findMergedContact(
    args: AssignmentArgs & { deletedContactId: string },
  ): Promise<{ ghlContactId: string | null }> {
    const facts = await findWrittenFacts(db, args);
    if (facts?.ghlContactId !== args.deletedContactId) return { ghlContactId: null };
    const found = await talkingToGhl(() => findOwnContact(ghl, callOf(facts), facts.person));
    // GHL still finds the deleted one: it was restored, or is not gone from there yet.
    return { ghlContactId: found === undefined || found === args.deletedContactId ? null : found };
  }

  return { findMergedContact };
}
