import { type Transaction, sql } from 'kysely';
import type { Database } from './schema.ts';
import type { EventSource } from './schema/events.ts';

export interface NewLead {
  id: string;
  agencyId: string;
  intakeLocationId: string;
  source: EventSource;
  triggerName: string | null;
  eventRowId: string;
  eventReceivedAt: Date;
  sourceContactId: string | null;
}

/**
 * Makes a lead's row unless its key made one before. In the transaction that takes the event, so that what was
 * answered 200 exists. Needs the intake role or an agency's scope.
 * @returns false when the key is known
 */
export async function createLead(tx: Transaction<Database>, key: string, lead: NewLead): Promise<boolean> {
  const made = await tx
    .insertInto('lead_keys')
    .values({ agency_id: lead.agencyId, key, lead_id: lead.id })
    .onConflict((conflict) => conflict.columns(['agency_id', 'key']).doNothing())
    .returning('lead_id')
    .executeTakeFirst();
  if (!made) return false;
  await tx
    .insertInto('leads')
    .values({
      id: lead.id,
      agency_id: lead.agencyId,
      intake_location_id: lead.intakeLocationId,
      state: 'received',
      source: lead.source,
      trigger_name: lead.triggerName,
      event_row_id: lead.eventRowId,
      event_received_at: lead.eventReceivedAt,
      source_contact_id: lead.sourceContactId,
      received_at: lead.eventReceivedAt,
    })
    .execute();
  return true;
}

/** The lead a key made. Needs the intake role. */
export async function findLeadIdByKey(
  tx: Transaction<Database>,
  agencyId: string,
  key: string,
): Promise<string | undefined> {
  const found = await tx
    .selectFrom('lead_keys')
    .select('lead_id')
    .where('agency_id', '=', agencyId)
    .where('key', '=', key)
    .executeTakeFirst();
  return found?.lead_id;
}

/** An open lead that a contact or opportunity of GHL belongs to, and how it stands there. */
export interface ConcernedLead {
  leadId: string;
  /** The contact is where the lead was assigned to; otherwise it is the one it came in as. */
  isAssignedContact: boolean;
  /**
   * The GHL users whom we have assigned there or are about to, to tell a person's reassignment from the echo of our own:
   * while the lead changes hands inside a location it holds two slots, and GHL may be ahead of us.
   */
  ghlUserIds: string[];
  ghlOpportunityId: string | null;
}

/** The open leads that an event of a contact concerns. Needs the intake role or an agency's scope. */
export async function listLeadsOfGhlContact(
  tx: Transaction<Database>,
  agencyId: string,
  ghlContactId: string,
): Promise<ConcernedLead[]> {
  const found = await sql<{
    lead_id: string;
    is_assigned_contact: boolean;
    ghl_opportunity_id: string | null;
    ghl_user_ids: string[];
  }>`
    select l.id as lead_id, held.location_id is not null as is_assigned_contact, held.ghl_opportunity_id, array(
      select r.ghl_user_id from assignments a join reps r on r.agency_id = a.agency_id and r.id = a.rep_id
      where a.agency_id = l.agency_id and a.lead_id = l.id and a.state <> 'released'
        and a.location_id = held.location_id) as ghl_user_ids
    from leads l
    left join lateral (
      select a.location_id, a.ghl_opportunity_id from assignments a
      where a.agency_id = l.agency_id and a.lead_id = l.id and a.state <> 'released'
        and a.ghl_contact_id = ${ghlContactId}
      order by a.ghl_opportunity_id nulls last limit 1) held on true
    where l.agency_id = ${agencyId} and l.state <> 'closed' and l.id in (
      select id from leads where agency_id = ${agencyId} and source_contact_id = ${ghlContactId}
      union
      select lead_id from assignments
        where agency_id = ${agencyId} and ghl_contact_id = ${ghlContactId} and state <> 'released')
  `.execute(tx);
  return found.rows.map((row) => ({
    leadId: row.lead_id,
    isAssignedContact: row.is_assigned_contact,
    ghlOpportunityId: row.ghl_opportunity_id,
    ghlUserIds: row.ghl_user_ids,
  }));
}

/** Which of some contacts open leads came in as or are assigned with. Needs the scope of the agency. */
export async function listContactsOfOpenLeads(
  tx: Transaction<Database>,
  agencyId: string,
  ghlContactIds: readonly string[],
): Promise<Set<string>> {
  if (ghlContactIds.length === 0) return new Set();
  const ids = sql`any(${[...ghlContactIds]}::text[])`;
  const found = await sql<{ id: string }>`
    select source_contact_id as id from leads
      where agency_id = ${agencyId} and source_contact_id = ${ids} and state <> 'closed'
    union
    select a.ghl_contact_id from assignments a join leads l on l.agency_id = a.agency_id and l.id = a.lead_id
      where a.agency_id = ${agencyId} and a.ghl_contact_id = ${ids} and a.state <> 'released' and l.state <> 'closed'
  `.execute(tx);
  return new Set(found.rows.map((row) => row.id));
}

/** Whether any lead is open in a location, so that an event there can concern one. Needs the intake role or an agency's scope. */
export async function hasOpenLeads(tx: Transaction<Database>, locationId: string): Promise<boolean> {
  const found = await tx
    .selectFrom('assignments')
    .select('lead_id')
    .where('location_id', '=', locationId)
    .where('state', '<>', 'released')
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}

/** Whether we put this contact into GHL ourselves, so that its ContactCreate is our own echo. Needs the intake role or an agency's scope. */
export async function isOwnContact(
  tx: Transaction<Database>,
  agencyId: string,
  ghlContactId: string,
): Promise<boolean> {
  const found = await tx
    .selectFrom('assignments')
    .select('lead_id')
    .where('agency_id', '=', agencyId)
    .where('ghl_contact_id', '=', ghlContactId)
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}
