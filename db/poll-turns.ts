import { type Transaction, sql } from 'kysely';
import type { Database } from './schema.ts';

/** An install that may be called: a location's own counts before its agency's. */
const INSTALLED = sql`l.ghl_location_id is not null and l.installed_at is not null and coalesce(
  (select i.status from installs i where i.location_id = l.id),
  (select i.status from installs i where i.agency_id = l.agency_id and i.location_id is null and i.purpose = 'locations')
) = 'active'`;

/** A location that has spoken since it was last looked at is busy: nobody waits for the end of a quiet one's interval. */
const HAS_SPOKEN = sql`p.started_at is null and l.last_event_at > p.finished_at`;

/**
 * The locations in which a pass is due, of all tenants, longest due first; one that was never polled before all. Those
 * that have spoken since are due as busy ones are. Where a pass is under way most likely somebody is at it: many long
 * ones must not keep the others from their turn, so they come last, and a crash is found there.
 * Those whose authority is dead wait until somebody has connected them again. Needs the upkeep role.
 */
export async function listDueLocations(
  tx: Transaction<Database>,
  limit: number,
): Promise<{ agencyId: string; locationId: string }[]> {
  const found = await sql<{ agency_id: string; id: string }>`
    select l.agency_id, l.id from locations l
    left join lateral (
      select min(least(p.due_at, case when ${HAS_SPOKEN} then p.busy_due_at end)) as due_at,
        coalesce(bool_or(p.started_at is not null), false) as is_under_way
      from poll_passes p where p.location_id = l.id
    ) pass on true
    where (pass.due_at is null or pass.due_at <= now()) and ${INSTALLED}
    order by pass.is_under_way, pass.due_at nulls first limit ${limit}
  `.execute(tx);
  return found.rows.map((row) => ({ agencyId: row.agency_id, locationId: row.id }));
}

/** Makes the passes due that would be in a busy location, if this one has spoken since they were last done. */
export async function hastenPasses(tx: Transaction<Database>, locationId: string, now: Date): Promise<void> {
  await sql`
    update poll_passes p set due_at = p.busy_due_at, version = p.version + 1 from locations l
    where l.id = p.location_id and p.location_id = ${locationId}
      and p.due_at > ${now} and p.busy_due_at <= ${now} and ${HAS_SPOKEN}
  `.execute(tx);
}

/** Whether a location may be polled: it is connected, and its authority is alive. Needs the scope of its agency. */
export async function isPollable(tx: Transaction<Database>, locationId: string): Promise<boolean> {
  const found = await sql`select from locations l where l.id = ${locationId} and ${INSTALLED}`.execute(tx);
  return found.rows.length > 0;
}

/** When a location last spoke by an event. */
export async function findLastEventAt(tx: Transaction<Database>, locationId: string): Promise<Date | null> {
  const found = await tx
    .selectFrom('locations')
    .select('last_event_at')
    .where('id', '=', locationId)
    .executeTakeFirst();
  return found?.last_event_at ?? null;
}

/** How polling stands in all tenants together. */
export interface PollMeasure {
  /** Passes that should have begun so long ago that something is wrong. */
  overdue: number;
  /** Passes that have failed so often in a row, by the code of the last failure. */
  failing: Record<string, number>;
  /** Changes that no event has told, beyond the grace. */
  openGaps: number;
  /** Records in which the two sides differ after the last sweep, by resource. */
  drift: Record<string, number>;
}

/** Counts how polling stands. Needs the upkeep role. */
export async function measurePolling(
  tx: Transaction<Database>,
  { lateMs, graceMs, failures }: { lateMs: number; graceMs: number; failures: number },
): Promise<PollMeasure> {
  const overdue = await sql<{ passes: number }>`
    select count(*)::int as passes from poll_passes p join locations l on l.id = p.location_id
    where p.due_at < now() - make_interval(secs => ${lateMs / 1000}) and ${INSTALLED}
  `.execute(tx);
  const failing = await sql<{ cause: string; passes: number }>`
    select coalesce(p.last_error, 'Unknown') as cause, count(*)::int as passes
    from poll_passes p join locations l on l.id = p.location_id
    where p.failures >= ${failures} and ${INSTALLED} group by 1
  `.execute(tx);
  const gaps = await sql<{ gaps: number }>`
    select count(*)::int as gaps from webhook_gaps
    where told_at is null and found_at < now() - make_interval(secs => ${graceMs / 1000})
      and found_at > now() - interval '1 day'
  `.execute(tx);
  const drift = await sql<{ resource: string; remaining: number }>`
    select p.resource, coalesce(sum(report.remaining), 0)::int as remaining
    from poll_passes p
    left join lateral (select d.remaining from drift_reports d
      where d.location_id = p.location_id and d.resource = p.resource order by d.finished_at desc limit 1) report on true
    where p.kind = 'sweep' group by p.resource
  `.execute(tx);
  return {
    overdue: overdue.rows[0]?.passes ?? 0,
    failing: Object.fromEntries(failing.rows.map((row) => [row.cause, row.passes])),
    openGaps: gaps.rows[0]?.gaps ?? 0,
    drift: Object.fromEntries(drift.rows.map((row) => [row.resource, row.remaining])),
  };
}
