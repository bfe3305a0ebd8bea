import { type Transaction, sql } from 'kysely';
import { currentTraceparent } from '../tracing/trace.ts';
import { jsonRows } from './json-rows.ts';
import { keepingPlan, runKeepingPlan } from './kept-plans.ts';
import { inLockOrder } from './lock-order.ts';
import type { Database } from './schema.ts';
import type { EventCapability } from './schema/events.ts';
import { commitWith } from './scope.ts';

/** Work that an event, or an operator's act, asks of a workflow. */
export interface NewWork {
  causeId: string;
  agencyId: string;
  locationId: string | null;
  capability: EventCapability;
  orderingKey: string;
  workflowId: string;
  input: Record<string, unknown>;
  /** Work of one location is handed over in this order, 0 first; leads have it. */
  priority?: number;
  /** The relay leaves it alone until then: the process that took it tries first. */
  dueAt: Date;
  /** The trace in which it was asked for; by default that of what is being done now. */
  traceparent?: string | null;
}

export interface Work extends Omit<NewWork, 'dueAt' | 'priority' | 'traceparent'> {
  sequence: string;
  attempts: number;
  /** The trace in which it was asked for. */
  traceparent: string | null;
}

/**
 * Puts work in the inbox, with the trace in which it is asked for. What the same cause already asked of the same workflow is left as it is, and so is a record
 * that is to be read anyway: as long as nobody has taken that work up, the read will see this change too.
 */
export async function addWork(tx: Transaction<Database>, work: NewWork[]): Promise<void> {
  if (work.length > 0) await runKeepingPlan(tx, insertOf(work));
}

/** Does so as the last of its transaction, which is committed with it as by `commitWith`; where there is no work it is not. */
export async function commitWithWork(tx: Transaction<Database>, work: NewWork[]): Promise<void> {
  if (work.length > 0) await commitWith(tx, keepingPlan(insertOf(work)));
}

function insertOf(work: readonly NewWork[]) {
  const traceparent = currentTraceparent();
  const rows = orderWork(work).map((item) => ({
    cause_id: item.causeId,
    agency_id: item.agencyId,
    location_id: item.locationId,
    fairness_key: item.locationId ?? item.agencyId,
    capability: item.capability,
    ordering_key: item.orderingKey,
    workflow_id: item.workflowId,
    input: item.input,
    priority: item.priority ?? 0,
    due_at: item.dueAt,
    traceparent: item.traceparent === undefined ? traceparent : item.traceparent,
  }));
  return sql`
    insert into event_capabilities (cause_id, agency_id, location_id, fairness_key, capability, ordering_key, workflow_id,
      input, priority, state, due_at, traceparent)
    select cause_id, agency_id, location_id, fairness_key, capability, ordering_key, workflow_id,
      input, priority, 'pending', due_at, traceparent
    from json_to_recordset(${jsonRows(rows)}) as work (cause_id uuid, agency_id uuid, location_id uuid, fairness_key uuid,
      capability text, ordering_key text, workflow_id text, input jsonb, priority integer, due_at timestamptz,
      traceparent text)
    on conflict do nothing
  `;
}

/**
 * Records of contacts, which several may ask for at once, contact by contact; what is asked of one contact or one lead
 * keeps its order.
 */
function orderWork(work: readonly NewWork[]): NewWork[] {
  const isOfContact = ({ capability }: NewWork): boolean => capability === 'contact-sync';
  const ofContacts = inLockOrder(work.filter(isOfContact), ({ orderingKey }) => orderingKey);
  return [...ofContacts, ...work.filter((item) => !isOfContact(item))];
}

/**
 * Takes work that is due, the urgent and then the oldest first and fair between locations, and keeps it from other relays for `leaseMs`.
 * Work waits for older work with its ordering key; but all that is to be read of one
 * contact comes with the first of it, due or not, and above the limits. Needs the relay role.
 * @param perLocation how many rows one location may have in a batch
 */
export async function claimDueWork(
  tx: Transaction<Database>,
  options: { limit: number; perLocation: number; leaseMs: number },
): Promise<Work[]> {
  // The locations with pending work are found by stepping along the index, not by reading all that is pending.
  const claimed = await sql<ClaimedRow>`
    with recursive turns (fairness_key) as (
      (select fairness_key from event_capabilities where state = 'pending' order by fairness_key limit 1)
      union all
      select (select fairness_key from event_capabilities
        where state = 'pending' and fairness_key > turns.fairness_key order by fairness_key limit 1)
      from turns where turns.fairness_key is not null
    ),
    due as (
      select work.sequence from turns cross join lateral (
        select e.sequence, e.priority, row_number() over (order by e.priority, e.sequence) as turn
        from event_capabilities e
        where e.state = 'pending' and e.fairness_key = turns.fairness_key and e.due_at <= now()
          and not exists (select from event_capabilities older where older.state = 'pending'
            and older.ordering_key = e.ordering_key and older.sequence < e.sequence)
        order by e.priority, e.sequence limit ${options.perLocation}
      ) work
      order by work.priority, work.turn, work.sequence limit ${options.limit}
    ),
    locked as (
      select sequence, case when capability = 'contact-sync' and input ? 'change' then ordering_key end as contact_key
      from event_capabilities
      where sequence in (select sequence from due) and state = 'pending' and due_at <= now()
      for update skip locked
    )
    update event_capabilities
    set attempts = attempts + 1, due_at = now() + make_interval(secs => ${options.leaseMs / 1000})
    where sequence in (select sequence from locked)
      or (state = 'pending' and ordering_key in (select contact_key from locked) and capability = 'contact-sync' and input ? 'change')
    returning sequence, cause_id, agency_id, location_id, capability, ordering_key, workflow_id, input, attempts, traceparent
  `.execute(tx);
  return claimed.rows
    .map((row) => ({
      sequence: row.sequence,
      causeId: row.cause_id,
      agencyId: row.agency_id,
      locationId: row.location_id,
      capability: row.capability,
      orderingKey: row.ordering_key,
      workflowId: row.workflow_id,
      input: row.input,
      attempts: row.attempts,
      traceparent: row.traceparent,
    }))
    .sort((a, b) => Number(BigInt(a.sequence) - BigInt(b.sequence)));
}

interface ClaimedRow {
  sequence: string;
  cause_id: string;
  agency_id: string;
  location_id: string | null;
  capability: EventCapability;
  ordering_key: string;
  workflow_id: string;
  input: Record<string, unknown>;
  attempts: number;
  traceparent: string | null;
}

/** Temporal has it. Needs the relay role. */
export async function markWorkStarted(tx: Transaction<Database>, causeId: string, workflowId: string): Promise<void> {
  await tx
    .updateTable('event_capabilities')
    .set({ state: 'started', started_at: sql<Date>`now()`, last_error: null })
    .where('cause_id', '=', causeId)
    .where('workflow_id', '=', workflowId)
    .where('state', '=', 'pending')
    .execute();
}

/** Temporal could not be reached: the relay tries again after `retryMs`. Needs the relay role. */
export async function postponeWork(
  tx: Transaction<Database>,
  sequences: string[],
  retryMs: number,
  error: string,
): Promise<void> {
  if (sequences.length === 0) return;
  await tx
    .updateTable('event_capabilities')
    .set({ due_at: sql<Date>`now() + make_interval(secs => ${retryMs / 1000})`, last_error: error })
    .where('sequence', 'in', sequences)
    .where('state', '=', 'pending')
    .execute();
}

/** Temporal refused it for good: an operator must look. Needs the relay role. */
export async function buryWork(tx: Transaction<Database>, sequence: string, error: string): Promise<void> {
  await tx
    .updateTable('event_capabilities')
    .set({ state: 'dead', last_error: error })
    .where('sequence', '=', sequence)
    .execute();
}

/**
 * Puts a lead's buried work back at its old place in the inbox, and lets what waits there be handed over at once.
 * Needs the relay role. @returns how many were buried
 */
export async function redriveLeadWork(
  tx: Transaction<Database>,
  { agencyId, leadId }: { agencyId: string; leadId: string },
): Promise<number> {
  const ofLead = tx.updateTable('event_capabilities').where('agency_id', '=', agencyId);
  await ofLead
    .set({ due_at: sql<Date>`now()` })
    .where('ordering_key', '=', `lead:${leadId}`)
    .where('state', '=', 'pending')
    .execute();
  const buried = await ofLead
    .set({ state: 'pending', attempts: 0, due_at: sql<Date>`now()` })
    .where('ordering_key', '=', `lead:${leadId}`)
    .where('state', '=', 'dead')
    .executeTakeFirst();
  return Number(buried.numUpdatedRows);
}

/** Whether a lead still waits in the inbox for its workflow to be started. */
export async function isLeadStartPending(tx: Transaction<Database>, leadId: string): Promise<boolean> {
  const found = await tx
    .selectFrom('event_capabilities')
    .select('sequence')
    .where('ordering_key', '=', `lead:${leadId}`)
    .where('capability', '=', 'lead-intake')
    .where('state', '=', 'pending')
    .executeTakeFirst();
  return found !== undefined;
}
