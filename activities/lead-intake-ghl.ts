import { ApplicationFailure, log } from '@temporalio/activity';
import type { Transaction } from 'kysely';
import type { Database } from '../db/schema.ts';
import type { LeadStanding } from '../domain/lead-messages.ts';
import { getContact } from '../ghl/contacts.ts';
import type { GhlDeps } from './dependencies.ts';
import { callOf, talkingToGhl } from './ghl-step.ts';
import { confirmReserved } from './lead-assignment.ts';
import { writeContact } from './lead-contact.ts';
import {
  type AssignmentArgs,
  type AssignmentFacts,
  findWrittenFacts,
  getAssignmentFacts,
  getExplainedFacts,
} from './lead-facts.ts';
import { mirrorMadeContact } from './lead-mirror.ts';
import { createLeadMerge } from './lead-merge.ts';
import { createRemembering, nullIfFinal } from './lead-remembering.ts';
import { createLeadReread } from './lead-reread.ts';
import { createSourceReading } from './lead-source.ts';
import { createLeadTelling } from './lead-telling.ts';
import { createLeadWithdrawal } from './lead-withdrawal.ts';
import { observeContact } from './mirror-observations.ts';
import { judgeStoreError, mapStoreFailures } from './store-failure.ts';

/** The workflow hears that a lead is assigned when this step ends: telling is begun only so long after the step. */
const TOLD_AT_ONCE_MS = 5_000;

/**
 * The steps of a lead that talk to GHL. Each remembers in the assignment's row what it has done, and a repeat skips it. What
 * GHL shows of a record that a step has made goes into the mirror with that: the event of it has nothing to tell then.
 */
export function createLeadGhlActivities(deps: GhlDeps) {
  const { ghl } = deps;
  const remember = createRemembering(deps);
  const { explain, notify, tell } = createLeadTelling(deps, remember);
  const readSource = createSourceReading(deps);

  /** Puts the person into GHL, and has what was done there stored by `store`. */
  async function writePerson<T>(
    facts: AssignmentFacts,
    store: (done: {
      contactId: string | null;
      isNew: boolean;
      mirror: (tx: Transaction<Database>) => Promise<void>;
    }) => Promise<T>,
  ): Promise<T> {
    return talkingToGhl(async () => {
      const askedAt = deps.now();
      const written = await writeContact(ghl, callOf(facts), facts);
      const made = written?.made;
      const mirror = async (tx: Transaction<Database>): Promise<void> => {
        if (made) await mirrorMadeContact(tx, deps, facts, observeContact(made, askedAt));
      };
      return store({ contactId: written?.contactId ?? null, isNew: made !== undefined, mirror });
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
      if (contactId !== null) await remember(args, [{ change: { ghl_contact_id: contactId }, mirror }]);
    });
  }

  /**
   * Does what `placeLead` does, and makes the reservation the assignment that counts in the transaction that remembers the
   * contact: what `confirmAssignment` does where there is nothing to be written. Repeatable.
   * @returns null when the lead is in GHL and cannot be confirmed with all that, which no waiting mends: `confirmAssignment`
   * does without the mirror, or says why it cannot
   */
  async function assignLead(args: AssignmentArgs): Promise<LeadStanding | null> {
    return (await assign(args, await getAssignmentFacts(deps.db, args))).standing;
  }

  /** @returns also the contact that the assignment has in GHL then, null for none, and whether GHL has made it now */
  async function assign(
    args: AssignmentArgs,
    facts: AssignmentFacts,
  ): Promise<{ standing: LeadStanding | null; ghlContactId: string | null; isContactNew: boolean }> {
    const { ghlContactId } = facts;
    if (ghlContactId !== null || facts.isReleased)
      return { standing: await nullIfFinal(confirmReserved(deps, args)), ghlContactId, isContactNew: false };
    return writePerson(facts, async ({ contactId, isNew, mirror }) => {
      const written = contactId === null ? undefined : { change: { ghl_contact_id: contactId }, mirror };
      const standing = await nullIfFinal(confirmReserved(deps, args, written));
      if (!standing && written) await remember(args, [{ ...written, mirror: async () => {} }]);
      return { standing, ghlContactId: contactId, isContactNew: isNew };
    });
  }

  /**
   * Does what `assignLead` does and, where GHL is quick, what `tellLead` does: the lead counts before anybody is told of it,
   * and what cannot be told at once is left to `tellLead`, which looks for what may have been written. The contact by
   * which the lead came in is read beside that. Repeatable.
   * @returns `standing` as `assignLead` does
   */
  async function assignAndTellLead(args: AssignmentArgs): Promise<{ standing: LeadStanding | null; isTold: boolean }> {
    const untilMs = performance.now() + TOLD_AT_ONCE_MS;
    const facts = await getExplainedFacts(deps.db, args);
    const { standing, ghlContactId, isContactNew } = await assign(args, facts);
    const isAssigned = standing?.assignmentId === args.assignmentId;
    if (!isAssigned || performance.now() > untilMs) return { standing, isTold: false };
    const [told] = await Promise.allSettled([
      tell(args, { ...facts, ghlContactId }, { isContactNew }),
      readSource(facts),
    ]);
    if (told.status === 'rejected') log.info('a lead could not be told at once', { cause: codeOf(told.reason) });
    return { standing, isTold: told.status === 'fulfilled' };
  }

  /** Explains as `explainLead` does. */
  async function explainLead(args: AssignmentArgs): Promise<void> {
    await explain(args, await getExplainedFacts(deps.db, args));
  }

  /** Tells the rep. Repeatable: a notice that went out before is found again. */
  async function notifyRep(args: AssignmentArgs): Promise<void> {
    await notify(args, await getAssignmentFacts(deps.db, args));
  }

  /**
   * Does what `explainLead` and `notifyRep` do. Repeatable, and fails as they do.
   * @param args.isTried whether another step has begun to
   */
  async function tellLead({ isTried, ...args }: AssignmentArgs & { isTried?: boolean }): Promise<void> {
    await tell(args, await getExplainedFacts(deps.db, args), { isRepeat: isTried === true });
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
    assignAndTellLead,
    explainLead,
    notifyRep,
    tellLead,
    readAssignedUser,
    ...createLeadWithdrawal(deps),
    ...createLeadMerge(deps),
  });
}

export type LeadGhlActivities = ReturnType<typeof createLeadGhlActivities>;

const codeOf = (error: unknown): string =>
  error instanceof ApplicationFailure ? (error.type ?? 'Unknown') : judgeStoreError(error).code;
