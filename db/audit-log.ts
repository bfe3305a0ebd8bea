import { type Selectable, type Transaction, sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { Database } from './schema.ts';
import type { AuditLogTable } from './schema/operations.ts';

/** Stands for an agency where operators of the platform act on no tenant in particular: their chain of its own. */
export const PLATFORM = '00000000-0000-0000-0000-000000000000';

export interface AuditEntry {
  agencyId: string;
  /** Who: `api-key:<id>`, `cli:<user>`, `operator:<name>`, `signal`, `ghl`, `system`. */
  actor: string;
  action: string;
  /** What: `lead:<id>`, `location:<id>`, … */
  subject: string;
  before?: Record<string, unknown>;
  after?: Record<string, unknown>;
  /** From where: `api`, `cli`, `workflow`, `webhook`. */
  origin: string;
}

/** Appends to the tenant's chain; the database numbers and hashes the row. */
export async function audit(tx: Transaction<Database>, entry: AuditEntry): Promise<void> {
  await tx
    .insertInto('audit_log')
    .values({
      id: uuidv7(),
      agency_id: entry.agencyId,
      actor: entry.actor,
      action: entry.action,
      subject: entry.subject,
      before: entry.before === undefined ? null : JSON.stringify(entry.before),
      after: entry.after === undefined ? null : JSON.stringify(entry.after),
      origin: entry.origin,
    })
    .execute();
}

/** The tenant's latest acts, newest first; of one subject when it is named. */
export async function listAuditEntries(
  tx: Transaction<Database>,
  filter: { agencyId: string; subject: string | undefined; limit: number },
): Promise<Selectable<AuditLogTable>[]> {
  let query = tx.selectFrom('audit_log').selectAll().where('agency_id', '=', filter.agencyId);
  if (filter.subject !== undefined) query = query.where('subject', '=', filter.subject);
  return query.orderBy('sequence', 'desc').limit(filter.limit).execute();
}

/**
 * Walks the tenant's chain and compares each row with its hash, its predecessor, and the head.
 * @returns the sequence of the first row that does not fit; undefined when the chain is whole
 */
export async function findBrokenAuditLink(tx: Transaction<Database>, agencyId: string): Promise<string | undefined> {
  const found = await sql<{ sequence: string }>`
    with chain as (
      select sequence, hash, previous_hash, audit_row_hash(audit_log) as computed,
        lag(hash) over (order by sequence) as before, lag(sequence) over (order by sequence) as before_sequence,
        row_number() over (order by sequence) as position
      from audit_log where agency_id = ${agencyId}
    )
    select sequence from chain
    where hash <> computed or (position > 1 and (previous_hash <> before or sequence <> before_sequence + 1))
    union all
    select heads.sequence from audit_heads heads
    where heads.agency_id = ${agencyId} and heads.sequence > 0
      and not exists (select from chain where chain.sequence = heads.sequence and chain.hash = heads.hash)
    order by sequence limit 1
  `.execute(tx);
  return found.rows[0]?.sequence;
}
