import { type RawBuilder, type Transaction, sql } from 'kysely';
import type { StaleKind, TrimKind } from '../domain/retention.ts';
import { tellOfForgottenRotations } from './credential-rotations.ts';
import { EVENT_REDRIVE_KEY } from './redrive-work.ts';
import type { Database } from './schema.ts';

/** Small enough to end well within a query's time. */
export const ROWS_AT_ONCE = 5_000;
/** Counting more would take long, and tells a person no more. */
const COUNTED = 100_000;

type Age = RawBuilder<unknown>;

interface OldRows {
  table: string;
  key: readonly string[];
  /** Which rows are old. @param before the time at which an age ends */
  isOld: (before: Age) => RawBuilder<unknown>;
  /** What is done to them; without it they are deleted. */
  set?: RawBuilder<unknown>;
  /** Tells of those to which it was done, in the same transaction. @param ids the first column of their keys */
  tell?: (tx: Transaction<Database>, ids: string[]) => Promise<void>;
}

/** An operator may still set the work going again: nothing it needs goes. */
const noLetterOn = (condition: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`not exists (select from dead_letters open where open.resolved_at is null and ${condition})`;

const ended = (table: string): OldRows => ({ table, key: ['id'], isOld: (before) => sql`ended_at < ${before}` });

const KINDS: Record<TrimKind | StaleKind, OldRows> = {
  // Not that of an unread lead, of work that waits or is buried, or of an event that lies before an operator, or that an
  // operator has just asked to be read again: the cause of that work is the letter.
  'event-bodies': {
    table: 'events',
    key: ['received_at', 'id'],
    isOld: (before) => sql`body is not null and received_at < ${before}
      and not exists (select from leads where leads.event_row_id = events.id and leads.state = 'received')
      and not exists (select from event_capabilities waiting
        where waiting.cause_id = events.id and waiting.state <> 'started')
      and not exists (select from event_capabilities redrive
        where redrive.ordering_key = ${EVENT_REDRIVE_KEY} || events.id and redrive.state <> 'started')
      and ${noLetterOn(sql`open.subject_kind = 'event' and open.subject_id = events.id::text`)}`,
    set: sql`body = null`,
  },
  inbox: {
    table: 'event_capabilities',
    key: ['sequence'],
    isOld: (before) => sql`state <> 'pending' and created_at < ${before}
      and ${noLetterOn(sql`open.workflow_id = event_capabilities.workflow_id`)}
      and ${noLetterOn(sql`open.subject_id = event_capabilities.cause_id::text`)}`,
  },
  'refused-deliveries': {
    table: 'refused_deliveries',
    key: ['id'],
    isOld: (before) => sql`received_at < ${before}`,
  },
  'refused-counts': {
    table: 'refused_delivery_counts',
    key: ['hour', 'reason'],
    isOld: (before) => sql`hour < ${before}`,
  },
  // Ended, or never brought back from GHL's page.
  'connect-links': {
    table: 'connect_links',
    key: ['id'],
    isOld: (before) => sql`expires_at < ${before} and (ended_at < ${before} or code_at is null)`,
  },
  'credential-rotations': ended('credential_rotations'),
  'operator-credentials': {
    table: 'operator_credentials',
    key: ['id'],
    isOld: (before) => sql`expires_at < ${before}`,
  },
  'contact-edits': {
    table: 'contact_edits',
    key: ['id'],
    isOld: (before) => sql`state in ('synced', 'overruled', 'superseded') and settled_at < ${before}`,
  },
  'contact-merges': ended('contact_merges'),
  'webhook-gaps': {
    table: 'webhook_gaps',
    key: ['location_id', 'resource', 'ghl_id', 'kind', 'changed_at'],
    isOld: (before) => sql`found_at < ${before}`,
  },
  'drift-reports': { table: 'drift_reports', key: ['id'], isOld: (before) => sql`finished_at < ${before}` },
  budgets: { table: 'ghl_budgets', key: ['agency_id', 'resource'], isOld: (before) => sql`updated_at < ${before}` },
  // That a letter was discarded is remembered: who tells of the same failure again is not to bring it back.
  'dead-letters': {
    table: 'dead_letters',
    key: ['id'],
    isOld: (before) => sql`resolved_at < ${before} and resolution <> 'discarded'`,
  },
  'discard-reasons': {
    table: 'dead_letters',
    key: ['id'],
    isOld: (before) => sql`resolved_at < ${before} and resolution = 'discarded' and reason_removed_at is null`,
    set: sql`discard_reason = 'removed after its time', reason_removed_at = now()`,
  },
  // The notices stay: no other deliveries are made for one.
  'notice-deliveries': ended('notice_deliveries'),
  'token-leases': {
    table: 'installs',
    key: ['id'],
    isOld: (before) => sql`lease_until < ${before}`,
    set: sql`lease_owner = null, lease_until = null`,
  },
  'connect-exchanges': {
    table: 'connect_links',
    key: ['id'],
    isOld: (before) => sql`outcome is null and code_at < ${before}`,
    set: sql`outcome = 'failed', ended_at = now(), code = null, answer = null`,
  },
  'credential-trials': {
    table: 'credential_rotations',
    key: ['id'],
    isOld: (before) => sql`outcome is null and created_at < ${before}`,
    set: sql`outcome = 'failed', ended_at = now(), candidate = null`,
    // Whoever brought the token still believes that it is being tried.
    tell: tellOfForgottenRotations,
  },
  'webhook-secrets': {
    table: 'webhook_endpoints',
    key: ['id'],
    isOld: (before) => sql`previous_secret_until < ${before}`,
    set: sql`previous_secret = null, previous_secret_until = null`,
  },
};

const oldOf = (kind: TrimKind | StaleKind, seconds: number): RawBuilder<unknown> =>
  KINDS[kind].isOld(sql`now() - make_interval(secs => ${seconds})`);

/**
 * Does away with rows of a kind that are older than so many seconds, by the database's clock; a few at once. Safe to repeat,
 * and by two at once: what one has taken the other does not find. Needs the upkeep role.
 * @returns how many; fewer than `ROWS_AT_ONCE` when all is done
 */
export async function takeOldRows(
  tx: Transaction<Database>,
  kind: TrimKind | StaleKind,
  seconds: number,
): Promise<number> {
  const { table, key, set, tell } = KINDS[kind];
  const columns = sql.join(key.map((column) => sql.ref(column)));
  const some = sql`(${columns}) in (
    select ${columns} from ${sql.table(table)} where ${oldOf(kind, seconds)} limit ${ROWS_AT_ONCE})`;
  // Who has waited for another's change asks again whether the row is still old.
  const statement = set
    ? sql`update ${sql.table(table)} set ${set} where ${some} and ${oldOf(kind, seconds)}`
    : sql`delete from ${sql.table(table)} where ${some}`;
  if (tell) {
    const { rows } = await sql<{ id: string }>`${statement} returning ${sql.ref(key[0]!)} as id`.execute(tx);
    await tell(
      tx,
      rows.map(({ id }) => id),
    );
    return rows.length;
  }
  const result = await statement.execute(tx);
  return Number(result.numAffectedRows ?? 0n);
}

/** How many rows of a kind `takeOldRows` would take in all, as far as it is worth counting. Needs the upkeep role. */
export async function countOldRows(
  tx: Transaction<Database>,
  kind: TrimKind | StaleKind,
  seconds: number,
): Promise<number> {
  const found = await sql<{ rows: number }>`
    select count(*)::int as rows from (
      select from ${sql.table(KINDS[kind].table)} where ${oldOf(kind, seconds)} limit ${COUNTED}) old
  `.execute(tx);
  return found.rows[0]?.rows ?? 0;
}
