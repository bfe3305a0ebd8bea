import { type Transaction, sql } from 'kysely';
import type { Database } from './schema.ts';

export interface QuietAccount {
  agencyId: string;
  locationId: string;
  lastEventAt: Date;
  /** Events in the `periodDays` before the last one. */
  events: number;
}

/**
 * The accounts that spoke in the last fortnight but not for `quietMs`, and how much they spoke before. Only the quiet
 * ones are counted, so that asking often costs little. Needs the upkeep role.
 */
export async function listQuietAccounts(
  tx: Transaction<Database>,
  options: { quietMs: number; periodDays: number },
): Promise<QuietAccount[]> {
  const found = await sql<QuietAccount>`
    select l.agency_id as "agencyId", l.id as "locationId", l.last_event_at as "lastEventAt",
      (select count(e.received_at)::int from events e where e.location_id = l.id
        and e.received_at > l.last_event_at - make_interval(days => ${options.periodDays}::int)
        and e.received_at <= l.last_event_at + interval '2 minutes') as events
    from locations l
    where l.last_event_at < now() - make_interval(secs => ${options.quietMs / 1000})
      and l.last_event_at > now() - interval '14 days'
  `.execute(tx);
  return found.rows;
}
