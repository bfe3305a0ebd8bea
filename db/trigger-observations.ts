import type { Transaction } from 'kysely';
import { type ContactFacts, matchTrigger } from '../domain/event-plan.ts';
import { listLeadTriggers } from './lead-triggers.ts';
import type { Database } from './schema.ts';

export interface TriggerObservation {
  triggerId: string;
  agencyId: string;
  ghlContactId: string;
  matched: boolean;
  /** The first sight of the contact may count as the step; otherwise it is only the base line. */
  mayBeStep: boolean;
  observedAt: Date;
}

/**
 * Remembers how a contact looks to a trigger now. Needs the intake role or an agency's scope.
 * @returns the occurrence (1, 2, …) when this was the step from absent to present; undefined otherwise, and for a view
 * that is older than the one remembered
 */
export async function noteTriggerObservation(
  tx: Transaction<Database>,
  observation: TriggerObservation,
): Promise<number | undefined> {
  const { triggerId, agencyId, ghlContactId, matched, mayBeStep, observedAt } = observation;
  const first = mayBeStep && matched ? 1 : 0;
  const inserted = await tx
    .insertInto('lead_trigger_states')
    .values({
      trigger_id: triggerId,
      agency_id: agencyId,
      ghl_contact_id: ghlContactId,
      matched,
      occurrence: first,
      observed_at: observedAt,
    })
    .onConflict((conflict) => conflict.columns(['trigger_id', 'ghl_contact_id']).doNothing())
    .returning('occurrence')
    .executeTakeFirst();
  if (inserted) return first || undefined;

  // One statement would not do: a query that locks a row does not see it once the same statement has changed it.
  const before = await tx
    .selectFrom('lead_trigger_states')
    .select(['matched', 'occurrence', 'observed_at'])
    .where('trigger_id', '=', triggerId)
    .where('ghl_contact_id', '=', ghlContactId)
    .forUpdate()
    .executeTakeFirstOrThrow();
  if (before.observed_at > observedAt) return undefined;
  const isStep = matched && !before.matched;
  const occurrence = before.occurrence + (isStep ? 1 : 0);
  await tx
    .updateTable('lead_trigger_states')
    .set({ matched, occurrence, observed_at: observedAt })
    .where('trigger_id', '=', triggerId)
    .where('ghl_contact_id', '=', ghlContactId)
    .execute();
  return isStep ? occurrence : undefined;
}

type TriggerPlace = { agencyId: string; locationId: string };
type TriggerView = Pick<ContactFacts, 'ghlContactId' | 'tags' | 'customFields' | 'isCut'>;

/**
 * Remembers for the triggers of a location that have never seen a contact what it lacks, right before we write to it: what
 * it gets then is a step. What they have seen stays as it is. Needs an agency's scope.
 */
export async function noteLacking(
  tx: Transaction<Database>,
  place: TriggerPlace,
  contact: TriggerView,
  observedAt: Date,
): Promise<void> {
  await noteSilently(tx, place, contact, { matched: false, observedAt });
}

/**
 * Lets the triggers of a location take what we are about to copy to a contact for old: it is no step of theirs, and asks
 * for no lead. Needs an agency's scope.
 * @param contact with only the tags and fields that are copied
 * @param until sights before that time may show the contact without them and say nothing
 */
export async function noteCopied(
  tx: Transaction<Database>,
  place: TriggerPlace,
  contact: TriggerView,
  until: Date,
): Promise<void> {
  await noteSilently(tx, place, contact, { matched: true, observedAt: until });
}

async function noteSilently(
  tx: Transaction<Database>,
  { agencyId, locationId }: TriggerPlace,
  contact: TriggerView,
  { matched, observedAt }: { matched: boolean; observedAt: Date },
): Promise<void> {
  const triggers = await listLeadTriggers(tx, locationId);
  const concerned = triggers.filter((trigger) => matchTrigger(trigger, contact) === matched);
  if (concerned.length === 0) return;
  const values = concerned.map(({ id }) => ({
    trigger_id: id,
    agency_id: agencyId,
    ghl_contact_id: contact.ghlContactId,
    matched,
    observed_at: observedAt,
  }));
  await tx
    .insertInto('lead_trigger_states')
    .values(values)
    .onConflict((conflict) => {
      const known = conflict.columns(['trigger_id', 'ghl_contact_id']);
      return matched ? known.doUpdateSet({ matched, observed_at: observedAt }) : known.doNothing();
    })
    .execute();
}
