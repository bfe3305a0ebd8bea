import { type Transaction, sql } from 'kysely';
import type { Database } from './schema.ts';

/**
 * How much of the inbox waits, and since when the oldest of it that should go: since it came in, for what is tried again is
 * due later and later. What waits by design is no sign of an inbox that stands still, nor is what waits its turn behind
 * that. Needs the relay role.
 * @param byDesign the causes with which work was put off until an operator acts
 */
export async function measureWaitingWork(
  tx: Transaction<Database>,
  { byDesign }: { byDesign: readonly string[] },
): Promise<{ pending: number; oldestMs: number }> {
  const found = await sql<{ pending: number; oldest_ms: number | null }>`
    with held as (
      select ordering_key, min(sequence) as since from event_capabilities
      where state = 'pending' and last_error = any(${byDesign}) group by ordering_key
    )
    select count(*)::int as pending, (extract(epoch from now()
      - min(work.created_at) filter (where held.since is null or work.sequence < held.since)) * 1000)::float8 as oldest_ms
    from event_capabilities work left join held using (ordering_key) where work.state = 'pending'
  `.execute(tx);
  const row = found.rows[0];
  return { pending: row?.pending ?? 0, oldestMs: Math.max(0, row?.oldest_ms ?? 0) };
}
