import { type Transaction, sql } from 'kysely';
import type { Database } from './schema.ts';

/**
 * How much of the inbox waits, and since when the oldest of it: since it came in, for what is tried again is due later
 * and later. Needs the relay role.
 */
export async function measureWaitingWork(tx: Transaction<Database>): Promise<{ pending: number; oldestMs: number }> {
  const found = await sql<{ pending: number; oldest_ms: number | null }>`
    select count(*)::int as pending, (extract(epoch from now() - min(created_at)) * 1000)::float8 as oldest_ms
    from event_capabilities where state = 'pending'
  `.execute(tx);
  const row = found.rows[0];
  return { pending: row?.pending ?? 0, oldestMs: Math.max(0, row?.oldest_ms ?? 0) };
}
