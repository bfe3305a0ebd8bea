import { type Selectable, sql, type Transaction } from 'kysely';
import type { Contact } from './contacts.ts';
import type { Database, Decision, Lead } from './schema.ts';
import type { ContactEditTable } from './schema/contacts.ts';
import type { EventCapabilityTable, EventTable } from './schema/events.ts';
import type { DeadLetterTable } from './schema/leads.ts';

/** An event without what it says. */
export type StoryEvent = Pick<Selectable<EventTable>, (typeof EVENT_COLUMNS)[number]>;
export type StoryWork = Omit<Selectable<EventCapabilityTable>, 'input'>;
/** An edit without its value. */
export type StoryEdit = Omit<Selectable<ContactEditTable>, 'content'>;

/** A choice without what it was made from, and how far each candidate is: both tell where the person lives. */
export type StoryDecision = Omit<Decision, 'inputs'>;
/** A letter without what an operator wrote when putting it away, which can name a person. */
export type StoryLetter = Omit<Selectable<DeadLetterTable>, 'discard_reason' | 'reason_removed_at'>;

/** So much of each is shown: one screen. */
const LIMIT = 8;
/** An event is stored within so long of the time that its id tells. */
const ID_SLACK_MS = 3_600_000;

const EVENT_COLUMNS = ['id', 'received_at', 'source', 'type', 'status', 'location_id', 'ghl_contact_id'] as const;

/** An event by its row's id. Its id tells when it came, and so in which month's partition it is. */
export async function findStoryEvent(tx: Transaction<Database>, id: string): Promise<StoryEvent | undefined> {
  const atMs = Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
  return tx
    .selectFrom('events')
    .select(EVENT_COLUMNS)
    .where('id', '=', id)
    .where('received_at', '>', new Date(atMs - ID_SLACK_MS))
    .where('received_at', '<', new Date(atMs + ID_SLACK_MS))
    .executeTakeFirst();
}

/** Which event of the agency a webhook id belongs to. Needs the intake role, which alone reads keys: hence the agency. */
export async function findEventByWebhookId(
  tx: Transaction<Database>,
  of: { agencyId: string; webhookId: string },
): Promise<string | undefined> {
  const found = await tx
    .selectFrom('event_keys')
    .select('event_row_id')
    .where('source', 'in', ['ghl', 'ghl-workflow', 'api', 'poll'])
    .where('event_id', '=', of.webhookId)
    .where('agency_id', '=', of.agencyId)
    .executeTakeFirst();
  return found?.event_row_id;
}

/** The latest events that name a contact or a record of GHL, newest first. */
export async function listEventsAbout(
  tx: Transaction<Database>,
  of: { locationId: string; ghlContactId: string } | { locationId: string; ghlRecordId: string },
): Promise<StoryEvent[]> {
  const query = tx.selectFrom('events').select(EVENT_COLUMNS).where('location_id', '=', of.locationId);
  const about =
    'ghlContactId' in of
      ? query.where('ghl_contact_id', '=', of.ghlContactId)
      : query.where('ghl_record_id', '=', of.ghlRecordId);
  return about.orderBy('received_at', 'desc').limit(LIMIT).execute();
}

/** What was asked of workflows: by these causes, and what waits or is buried under these ordering keys. Oldest first. */
export async function listWorkOf(
  tx: Transaction<Database>,
  of: { causeIds: readonly string[]; orderingKeys: readonly string[] },
): Promise<StoryWork[]> {
  const { rows } = await sql<StoryWork>`
    select * from (
      select sequence, cause_id, agency_id, location_id, fairness_key, capability, ordering_key, workflow_id, state, attempts,
        due_at, priority, created_at, started_at, last_error, traceparent
      from event_capabilities
      where cause_id = any(${of.causeIds}::uuid[])
        or (ordering_key = any(${of.orderingKeys}::text[]) and state = 'pending')
        or (ordering_key = any(${of.orderingKeys}::text[]) and state = 'dead')
      order by sequence desc limit ${2 * LIMIT}
    ) latest order by sequence
  `.execute(tx);
  return rows;
}

/** The leads that came from a contact in GHL or were placed in it, newest first. */
export async function listLeadsOfContact(tx: Transaction<Database>, ghlContactId: string): Promise<Lead[]> {
  return tx
    .selectFrom('leads')
    .selectAll()
    .where((where) =>
      where.or([
        where('source_contact_id', '=', ghlContactId),
        where('id', 'in', where.selectFrom('assignments').select('lead_id').where('ghl_contact_id', '=', ghlContactId)),
      ]),
    )
    .orderBy('received_at', 'desc')
    .limit(LIMIT)
    .execute();
}

/** The leads that an event made. */
export async function listLeadsOfEvent(tx: Transaction<Database>, event: StoryEvent): Promise<Lead[]> {
  return tx
    .selectFrom('leads')
    .selectAll()
    .where('event_row_id', '=', event.id)
    .where('received_at', '>', new Date(event.received_at.getTime() - ID_SLACK_MS))
    .where('received_at', '<', new Date(event.received_at.getTime() + ID_SLACK_MS))
    .execute();
}

/**
 * Contacts with this id in GHL; two locations may have the same. Indexes of the mirror begin with the location: the agency's
 * are named, so that not all is read.
 */
export async function listContactsByGhlId(tx: Transaction<Database>, ghlId: string): Promise<Contact[]> {
  return tx
    .selectFrom('contacts')
    .selectAll()
    .where('location_id', 'in', tx.selectFrom('locations').select('id'))
    .where('ghl_id', '=', ghlId)
    .limit(2)
    .$castTo<Contact>()
    .execute();
}

/** A message of the mirror, without what it says. */
export async function findStoryMessage(
  tx: Transaction<Database>,
  ghlId: string,
): Promise<
  | { ghl_id: string; location_id: string; ghl_contact_id: string | null; observed_at: Date; deleted_at: Date | null }
  | undefined
> {
  return tx
    .selectFrom('messages')
    .select(['ghl_id', 'location_id', 'ghl_contact_id', 'observed_at', 'deleted_at'])
    .where('location_id', 'in', tx.selectFrom('locations').select('id'))
    .where('ghl_id', '=', ghlId)
    .executeTakeFirst();
}

/** The latest edits of a contact, oldest first. */
export async function listEditsOf(tx: Transaction<Database>, contactId: string): Promise<StoryEdit[]> {
  const latest = await tx
    .selectFrom('contact_edits')
    .select(['id', 'agency_id', 'location_id', 'contact_id', 'field', 'actor', 'origin', 'made_at', 'state', 'reason'])
    .select(['attempts', 'last_error', 'tried_at', 'settled_at'])
    .where('contact_id', '=', contactId)
    .orderBy('id', 'desc')
    .limit(LIMIT)
    .execute();
  return latest.reverse();
}

/** The choices made for a lead, oldest first. */
export async function listStoryDecisions(tx: Transaction<Database>, leadId: string): Promise<StoryDecision[]> {
  return tx
    .selectFrom('decisions')
    .select(['id', 'decided_at', 'agency_id', 'lead_id', 'location_id', 'rep_id', 'kind', 'outcome', 'step', 'reason'])
    .select('rule_version')
    .select(
      sql<unknown[]>`(select coalesce(jsonb_agg(candidate - 'distanceKm' order by place), '[]')
        from jsonb_array_elements(candidates) with ordinality as each (candidate, place))`.as('candidates'),
    )
    .where('lead_id', '=', leadId)
    .orderBy('decided_at')
    .execute();
}

/** The letters about these subjects or workflows, oldest first. */
export async function listLettersAbout(
  tx: Transaction<Database>,
  of: { subjectIds: readonly string[]; workflowIds: readonly string[] },
): Promise<StoryLetter[]> {
  if (of.subjectIds.length + of.workflowIds.length === 0) return [];
  const { rows } = await sql<StoryLetter>`
    select id, created_at, agency_id, location_id, capability, cause, advice, subject_kind, subject_id, workflow_id,
      resolved_at, resolution
    from dead_letters
    where subject_id = any(${of.subjectIds}::text[]) or workflow_id = any(${of.workflowIds}::text[])
    order by created_at desc limit ${LIMIT}
  `.execute(tx);
  return rows.reverse();
}
