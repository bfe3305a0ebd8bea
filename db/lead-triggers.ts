import { type Transaction, sql } from 'kysely';
import type { Database } from './schema.ts';

export interface LeadTrigger {
  id: string;
  name: string;
  kind: 'tag' | 'field';
  subject: string;
  value: string | null;
}

/** The triggers of an account. */
export async function listLeadTriggers(tx: Transaction<Database>, locationId: string): Promise<LeadTrigger[]> {
  return tx
    .selectFrom('lead_triggers')
    .select(['id', 'name', 'kind', 'subject', 'value'])
    .where('location_id', '=', locationId)
    .orderBy('name')
    .execute();
}

/** Adds a trigger to an account. */
export async function createLeadTrigger(
  tx: Transaction<Database>,
  trigger: LeadTrigger & { agencyId: string; locationId: string },
): Promise<void> {
  const { id, agencyId, locationId, name, kind, subject, value } = trigger;
  const values = { id, agency_id: agencyId, location_id: locationId, name, kind, subject, value };
  await tx.insertInto('lead_triggers').values(values).execute();
}

/** Removes a trigger and what it remembers of contacts. Returns what it was; undefined when the scope holds none. */
export async function removeLeadTrigger(tx: Transaction<Database>, id: string): Promise<LeadTrigger | undefined> {
  return tx
    .deleteFrom('lead_triggers')
    .where('id', '=', id)
    .returning(['id', 'name', 'kind', 'subject', 'value'])
    .executeTakeFirst();
}

/**
 * Remembers how a contact looks to a trigger now. Needs the intake role.
 * @returns the occurrence (1, 2, …) when this was the step from absent to present; undefined otherwise. The first
 * sight of a contact is only the base line, unless `isNewContact`: an old customer who is edited asks for nothing.
 */
export async function observeTrigger(
  tx: Transaction<Database>,
  observation: {
    triggerId: string;
    agencyId: string;
    ghlContactId: string;
    matched: boolean;
    isNewContact: boolean;
    observedAt: Date;
  },
): Promise<number | undefined> {
  const { triggerId, agencyId, ghlContactId, matched, isNewContact, observedAt } = observation;
  const steps = isNewContact && matched;
  const result = await sql<{ occurrence: number; stepped: boolean }>`
    with before as (
      select matched, occurrence from lead_trigger_states
      where trigger_id = ${triggerId} and ghl_contact_id = ${ghlContactId} for update
    ), written as (
      insert into lead_trigger_states as state (trigger_id, agency_id, ghl_contact_id, matched, occurrence, observed_at)
      values (${triggerId}, ${agencyId}, ${ghlContactId}, ${matched}, ${steps ? 1 : 0}, ${observedAt})
      on conflict (trigger_id, ghl_contact_id) do update set
        matched = excluded.matched,
        occurrence = state.occurrence + (excluded.matched and not state.matched)::int,
        observed_at = excluded.observed_at
      where state.observed_at <= excluded.observed_at
      returning occurrence
    )
    select written.occurrence,
      case when exists (select from before) then ${matched} and not (select matched from before) else ${steps} end as stepped
    from written
  `.execute(tx);
  const row = result.rows[0];
  return row?.stepped ? row.occurrence : undefined;
}
