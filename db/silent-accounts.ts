import { type Transaction, sql } from 'kysely';
import type { Database } from './schema.ts';

export interface QuietAccount {
  agencyId: string;
  locationId: string;
  lastEventAt: Date;
  /** Events in the `periodDays` before the last one; 0 where that is not asked. */
  events: number;
  /** It was noted as silent and has not spoken since. */
  isNoted: boolean;
  /** An operator has said since its last event that it is to be silent. */
  isWanted: boolean;
}

/**
 * The accounts that take leads and have not spoken for `quietMs`, and how much they spoke before: those that spoke in the
 * last fortnight, and all that were noted as silent, until they speak. Only of the former events are counted, so that asking
 * often costs little. Needs the upkeep role.
 */
export async function listQuietAccounts(
  tx: Transaction<Database>,
  options: { quietMs: number; periodDays: number },
): Promise<QuietAccount[]> {
  const found = await sql<QuietAccount>`
    select l.agency_id as "agencyId", l.id as "locationId", l.last_event_at as "lastEventAt", is_noted as "isNoted",
      is_wanted as "isWanted", case when is_noted or is_wanted then 0 else
        (select count(e.received_at)::int from events e where e.location_id = l.id
          and e.received_at > l.last_event_at - make_interval(days => ${options.periodDays}::int)
          and e.received_at <= l.last_event_at + interval '2 minutes') end as events
    from locations l
    cross join lateral (select l.silent_since is not distinct from l.last_event_at as is_noted,
      coalesce(l.silence_wanted_at >= l.last_event_at, false) as is_wanted) known
    where l.live_at is not null and l.installed_at is not null
      and l.last_event_at < now() - make_interval(secs => ${options.quietMs / 1000})
      and (l.last_event_at > now() - interval '14 days' or is_noted)
  `.execute(tx);
  return found.rows;
}

/**
 * Notes that an account is silent, until it speaks again. Of several who note it at once, one does. Needs the upkeep role.
 * @param quietMs it has not spoken for so long
 * @returns whether it was noted now
 */
export async function noteSilence(tx: Transaction<Database>, locationId: string, quietMs: number): Promise<boolean> {
  const result = await sql`
    update locations set silent_since = last_event_at
    where id = ${locationId} and silent_since is distinct from last_event_at
      and last_event_at < now() - make_interval(secs => ${quietMs / 1000})
  `.execute(tx);
  return result.numAffectedRows === 1n;
}

/** The accounts that are noted as silent, by agency, the longest silent first. Needs the upkeep role. */
export async function listSilentAccounts(
  tx: Transaction<Database>,
): Promise<{ agencyId: string; locationId: string; lastEventAt: Date; wantedAt: Date | null }[]> {
  const found = await sql<{ agencyId: string; locationId: string; lastEventAt: Date; wantedAt: Date | null }>`
    select agency_id as "agencyId", id as "locationId", last_event_at as "lastEventAt",
      case when silence_wanted_at >= last_event_at then silence_wanted_at end as "wantedAt"
    from locations where silent_since = last_event_at and live_at is not null and installed_at is not null
    order by agency_id, last_event_at
  `.execute(tx);
  return found.rows;
}
