import { type RawBuilder, type Transaction, sql } from 'kysely';
import { jsonRows } from './json-rows.ts';
import { runKeepingPlan } from './kept-plans.ts';
import { inLockOrder } from './lock-order.ts';
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
 * Makes the rows of leads whose keys made none before. In the transaction that takes their events, so that what was
 * answered 200 exists. Needs the intake role or an agency's scope.
 * @returns the ids of those that were made: of several with one key the first
 */
export async function createLeads(
  tx: Transaction<Database>,
  leads: readonly (NewLead & { key: string })[],
): Promise<Set<string>> {
  if (leads.length === 0) return new Set();
  const rows = inLockOrder(leads, ({ agencyId, key }) => `${agencyId} ${key}`).map((lead) => ({
    id: lead.id,
    agency_id: lead.agencyId,
    key: lead.key,
    intake_location_id: lead.intakeLocationId,
    source: lead.source,
    trigger_name: lead.triggerName,
    event_row_id: lead.eventRowId,
    event_received_at: lead.eventReceivedAt,
    source_contact_id: lead.sourceContactId,
  }));
  const query = sql<{ lead_id: string }>`
    with lead as (
      select * from json_to_recordset(${jsonRows(rows)}) as lead (id uuid, agency_id uuid, key text,
        intake_location_id uuid, source text, trigger_name text, event_row_id uuid, event_received_at timestamptz,
        source_contact_id text)
    ),
    made as (
      insert into lead_keys (agency_id, key, lead_id) select agency_id, key, id from lead
      on conflict (agency_id, key) do nothing returning lead_id
    ),
    stored as (
      insert into leads (id, agency_id, intake_location_id, state, source, trigger_name, event_row_id, event_received_at,
        source_contact_id, received_at)
      select id, agency_id, intake_location_id, 'received', source, trigger_name, event_row_id, event_received_at,
        source_contact_id, event_received_at
      from lead where id in (select lead_id from made)
    )
    select lead_id from made
  `;
  const made = await runKeepingPlan(tx, query);
  return new Set(made.rows.map((row) => row.lead_id));
}

/** Makes one lead's row. @returns false when the key is known */
export const createLead = async (tx: Transaction<Database>, key: string, lead: NewLead): Promise<boolean> =>
  (await createLeads(tx, [{ ...lead, key }])).has(lead.id);

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

/** A contact of GHL, of an agency. */
export interface AgencyContact {
  agencyId: string;
  ghlContactId: string;
}

/*
 * The statements below look several things up at once. Of an agency whose rows came since Postgres last counted its
 * planner believes that there is nothing, and would read all of them for each contact. So a look-up ends in `limit 1`,
 * which keeps it from joining whole tables, and `is true` keeps the agency from being what an index is searched by.
 */

/** Whether a contact `c` has an open lead. */
export const findsOpenLead: RawBuilder<unknown> = sql`
  (select from leads
    where source_contact_id = c.ghl_contact_id and (agency_id = c.agency_id) is true and state <> 'closed' limit 1)
  union all
  (select from assignments
    where ghl_contact_id = c.ghl_contact_id and (agency_id = c.agency_id) is true and state <> 'released' limit 1)`;

/** Whether we put a contact `c` into GHL ourselves. */
export const findsOwnContact: RawBuilder<unknown> = sql`
  select from assignments a where a.ghl_contact_id = c.ghl_contact_id and (a.agency_id = c.agency_id) is true`;

/** The open leads that events of contacts concern, in the order of the contacts. Needs the intake role or an agency's scope. */
export async function listLeadsOfGhlContacts(
  tx: Transaction<Database>,
  contacts: readonly AgencyContact[],
): Promise<ConcernedLead[][]> {
  const ofContacts: ConcernedLead[][] = contacts.map(() => []);
  // Most contacts have none, and the whole question takes Postgres longer to plan than to answer.
  const turns = await findTurns(tx, contacts, findsOpenLead);
  const concerned = await listConcernedLeads(
    tx,
    turns.map((turn) => contacts[turn]!),
  );
  for (const [index, turn] of turns.entries()) ofContacts[turn] = concerned[index]!;
  return ofContacts;
}

/** The same of contacts that have any: the whole question. */
export async function listConcernedLeads(
  tx: Transaction<Database>,
  contacts: readonly AgencyContact[],
): Promise<ConcernedLead[][]> {
  const ofContacts: ConcernedLead[][] = contacts.map(() => []);
  if (contacts.length === 0) return ofContacts;
  const found = await sql<{
    turn: string;
    lead_id: string;
    is_assigned_contact: boolean;
    ghl_opportunity_id: string | null;
    ghl_user_ids: string[];
  }>`
    select c.turn, l.id as lead_id, held.location_id is not null as is_assigned_contact, held.ghl_opportunity_id, array(
      select r.ghl_user_id from assignments a join reps r on r.agency_id = a.agency_id and r.id = a.rep_id
      where a.agency_id = l.agency_id and a.lead_id = l.id and a.state <> 'released'
        and a.location_id = held.location_id) as ghl_user_ids
    from ${unnestContacts(contacts)}
    cross join lateral (
      select id from leads where source_contact_id = c.ghl_contact_id and (agency_id = c.agency_id) is true
      union
      select lead_id from assignments
        where ghl_contact_id = c.ghl_contact_id and (agency_id = c.agency_id) is true and state <> 'released') concerned
    cross join lateral (
      select id, agency_id from leads
      where id = concerned.id and (agency_id = c.agency_id) is true and state <> 'closed' limit 1) l
    left join lateral (
      select a.location_id, a.ghl_opportunity_id from assignments a
      where a.ghl_contact_id = c.ghl_contact_id and (a.agency_id = l.agency_id) is true and a.lead_id = l.id
        and a.state <> 'released'
      order by a.ghl_opportunity_id nulls last limit 1) held on true
  `.execute(tx);
  for (const row of found.rows) {
    ofContacts[Number(row.turn) - 1]!.push({
      leadId: row.lead_id,
      isAssignedContact: row.is_assigned_contact,
      ghlOpportunityId: row.ghl_opportunity_id,
      ghlUserIds: row.ghl_user_ids,
    });
  }
  return ofContacts;
}

/** For which contacts a subquery about `c` finds something: their places, from 0. */
async function findTurns(
  tx: Transaction<Database>,
  contacts: readonly AgencyContact[],
  subquery: RawBuilder<unknown>,
): Promise<number[]> {
  if (contacts.length === 0) return [];
  const found = await sql<{ turn: string }>`
    select c.turn from ${unnestContacts(contacts)}
    cross join lateral (select from (${subquery}) concerned limit 1) found
  `.execute(tx);
  return found.rows.map(({ turn }) => Number(turn) - 1);
}

/** Contacts as the rows `c`, with their places, from 1. */
export const unnestContacts = (contacts: readonly AgencyContact[]) => sql`unnest(
  ${contacts.map((each) => each.agencyId)}::uuid[], ${contacts.map((each) => each.ghlContactId)}::text[])
  with ordinality as c (agency_id, ghl_contact_id, turn)`;

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

/** In which of some locations any lead is open, so that an event there can concern one. Needs the intake role or an agency's scope. */
export async function listLocationsWithOpenLeads(
  tx: Transaction<Database>,
  locationIds: readonly string[],
): Promise<Set<string>> {
  if (locationIds.length === 0) return new Set();
  const found = await sql<{ id: string }>`
    select location.id from unnest(${[...locationIds]}::uuid[]) as location (id)
    cross join lateral (
      select from assignments a where a.location_id = location.id and a.state <> 'released' limit 1) found
  `.execute(tx);
  return new Set(found.rows.map((row) => row.id));
}

/**
 * Which contacts we put into GHL ourselves, so that their ContactCreate is our own echo, in the order of the contacts.
 * Needs the intake role or an agency's scope.
 */
export async function listOwnContacts(
  tx: Transaction<Database>,
  contacts: readonly AgencyContact[],
): Promise<boolean[]> {
  const own = await findTurns(tx, contacts, findsOwnContact);
  return contacts.map((_contact, index) => own.includes(index));
}
