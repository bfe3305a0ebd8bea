import { type Transaction, sql } from 'kysely';
import type { Database } from './schema.ts';
import type { LocationKind, RepStatus } from './schema/tenants.ts';

/**
 * Makes the routing decisions of an agency follow one another until the transaction ends, so that two leads never
 * take the same last slot and two enquiries of one person meet.
 */
export async function lockRouting(tx: Transaction<Database>, agencyId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('routing ' || ${agencyId}, 0))`.execute(tx);
}

/**
 * Whether GHL can be called for the location `l` as far as we know: the app is installed, and its own authority works,
 * or that of its agency, of which it would get one.
 */
const isCallableNow = (now: Date) => sql<boolean>`(l.installed_at is not null and not exists (
  select from installs i where i.status <> 'active' and (i.location_id = l.id
    or i.agency_id = l.agency_id and i.location_id is null and i.purpose = 'locations'
      and not exists (select from installs own where own.location_id = l.id))
) and not exists (select from installs i where i.location_id = l.id and i.paused_until > ${now}))`;

/** Whether the app is in the location `l` of the agency `g`, and both have their ids in GHL. */
const IS_REACHED = sql<boolean>`(l.installed_at is not null and coalesce(l.ghl_location_id, '') <> ''
  and coalesce(g.ghl_company_id, '') <> '')`;

/** What stands between a location and GHL. */
export interface GhlReach {
  /** The app is in it, and it and its agency have their ids there. */
  isReached: boolean;
  /** It can be called now, as far as we know. */
  isInstalled: boolean;
}

/** How GHL is reached for a location of the scope now, as far as we know; undefined when there is no such location. */
export async function findGhlReach(
  tx: Transaction<Database>,
  locationId: string,
  now: Date,
): Promise<GhlReach | undefined> {
  const found = await sql<GhlReach>`
    select ${IS_REACHED} as "isReached", ${isCallableNow(now)} as "isInstalled"
    from locations l join agencies g on g.id = l.agency_id where l.id = ${locationId}
  `.execute(tx);
  return found.rows[0];
}

export interface RoutingLocationRow {
  id: string;
  parentId: string | null;
  kind: LocationKind;
  verticals: string[];
  latitude: number | null;
  longitude: number | null;
  radiusKm: number | null;
  isLive: boolean;
  /** Whether GHL can be called for it now, as far as we know. */
  isInstalled: boolean;
  /** The app is in it, and it and its agency have their ids in GHL. */
  isReached: boolean;
  openLeads: number;
  maxOpenLeads: number | null;
  leadsToday: number;
  dailyCap: number | null;
}

/**
 * Every location of the agency with what it carries now; its day is the one of its own time zone. A lead counts once
 * for a day, however often it changed hands there, and not where its placement was given up. Where no cap stands against a
 * count it is 0: an agency's open leads are many, and its decisions wait for one another.
 * @param exceptLeadId a lead that is on the move: the slot it would leave does not stand in its own way
 */
export async function listRoutingLocations(
  tx: Transaction<Database>,
  now: Date,
  exceptLeadId: string | null = null,
): Promise<RoutingLocationRow[]> {
  const found = await sql<RoutingLocationRow>`
    select l.id, l.parent_id as "parentId", l.kind, l.verticals, l.latitude, l.longitude, l.radius_km as "radiusKm",
      l.live_at is not null as "isLive", ${isCallableNow(now)} as "isInstalled", ${IS_REACHED} as "isReached",
      l.max_open_leads as "maxOpenLeads", l.daily_cap as "dailyCap",
      case when l.max_open_leads is null then 0 else
        (select count(*)::int from assignments a where a.location_id = l.id and a.state <> 'released'
          and a.lead_id is distinct from ${exceptLeadId}) end as "openLeads",
      case when l.daily_cap is null then 0 else
        (select count(distinct a.lead_id)::int from assignments a where a.location_id = l.id
          and a.reserved_at >= date_trunc('day', ${now} at time zone l.time_zone) at time zone l.time_zone
          and (a.state <> 'released' or a.assigned_at is not null)
          and a.lead_id is distinct from ${exceptLeadId}) end as "leadsToday"
    from locations l join agencies g on g.id = l.agency_id order by l.id
  `.execute(tx);
  return found.rows;
}

export interface RoutingRepRow {
  id: string;
  locationId: string;
  status: RepStatus;
  weight: number;
  rotationPass: number;
  openLeads: number;
  maxOpenLeads: number | null;
  leadsToday: number;
  dailyCap: number | null;
}

/**
 * Every rep of the agency with what they carry now.
 * @param counting whether that is counted only where a cap stands against it, as of locations, or of all
 */
export async function listRoutingReps(
  tx: Transaction<Database>,
  now: Date,
  exceptLeadId: string | null = null,
  counting: 'capped' | 'all' = 'capped',
): Promise<RoutingRepRow[]> {
  const isOfAll = counting === 'all';
  const found = await sql<RoutingRepRow>`
    select r.id, r.location_id as "locationId", r.status, r.weight, r.rotation_pass as "rotationPass",
      r.max_open_leads as "maxOpenLeads", r.daily_cap as "dailyCap",
      case when r.max_open_leads is null and not ${isOfAll} then 0 else
        (select count(*)::int from assignments a where a.rep_id = r.id and a.state <> 'released'
          and a.lead_id is distinct from ${exceptLeadId}) end as "openLeads",
      case when r.daily_cap is null and not ${isOfAll} then 0 else
        (select count(distinct a.lead_id)::int from assignments a where a.rep_id = r.id and a.location_id = r.location_id
          and a.reserved_at >= date_trunc('day', ${now} at time zone l.time_zone) at time zone l.time_zone
          and (a.state <> 'released' or a.assigned_at is not null)
          and a.lead_id is distinct from ${exceptLeadId}) end as "leadsToday"
    from reps r join locations l on l.id = r.location_id
    order by r.id
  `.execute(tx);
  return found.rows;
}
