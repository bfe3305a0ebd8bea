import { type Transaction, sql } from 'kysely';
import type { Database } from './schema.ts';

/** GHL's breaker opens again every 30 s while somebody tries; a group that was open so lately fails still. */
const OPEN_LATELY = sql`interval '5 minutes'`;

/**
 * How many leads have no place yet though nothing lawful keeps them from it, and how old the oldest is. Left out are those of
 * which an operator has been told by a letter, and those that wait for GHL: it is left alone, or the authority of the
 * location that is to take the lead is dead. Needs the upkeep role.
 */
export async function measureUnplacedLeads(tx: Transaction<Database>): Promise<{ leads: number; oldestMs: number }> {
  const found = await sql<{ leads: number; oldest_ms: number | null }>`
    select count(*)::int as leads, (extract(epoch from now() - min(l.received_at)) * 1000)::float8 as oldest_ms
    from leads l
    where l.state in ('received', 'routing')
      and not exists (select from dead_letters d where d.resolved_at is null and d.agency_id = l.agency_id
        and d.subject_id in (l.id::text, 'lead-intake/' || l.agency_id || '/' || l.id))
      and not exists (select from ghl_breakers b where b.endpoint_group = 'contacts' and b.open_until > now() - ${OPEN_LATELY})
      and not exists (select from assignments a where a.lead_id = l.id and a.state = 'reserved' and coalesce(
        (select i.status from installs i where i.location_id = a.location_id),
        (select i.status from installs i
          where i.agency_id = a.agency_id and i.location_id is null and i.purpose = 'locations'), 'active') <> 'active')
  `.execute(tx);
  const row = found.rows[0];
  return { leads: row?.leads ?? 0, oldestMs: Math.max(0, row?.oldest_ms ?? 0) };
}
