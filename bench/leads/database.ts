import { type Kysely, sql } from 'kysely';
import type { Database } from '../../db/schema.ts';

/** A lead of the run. */
export interface TimedLead {
  id: string;
  agencyId: string;
  receivedAt: Date;
  assignedAt: Date;
}

/** What has come since a moment, oldest first, and how many of it have a rep. Needs the superuser. */
export async function countLeads(
  owner: Kysely<Database>,
  since: Date,
): Promise<{ come: number; assigned: number; told: number }> {
  const { rows } = await sql<{ come: number; assigned: number; told: number }>`
    select count(*)::int as come, count(l.assigned_at)::int as assigned, count(a.ghl_task_id)::int as told
    from leads l left join assignments a on a.lead_id = l.id and a.state = 'active'
    where l.received_at >= ${since}
  `.execute(owner);
  return rows[0]!;
}

export async function listTimedLeads(owner: Kysely<Database>, since: Date): Promise<TimedLead[]> {
  const { rows } = await sql<TimedLead>`
    select id, agency_id as "agencyId", received_at as "receivedAt", assigned_at as "assignedAt"
    from leads where received_at >= ${since} and assigned_at is not null order by received_at
  `.execute(owner);
  return rows;
}

/** Work in the inbox that Temporal has not been given yet. */
export async function countWaiting(owner: Kysely<Database>): Promise<number> {
  const { rows } = await sql<{ waiting: number }>`
    select count(*)::int as waiting from event_capabilities where state = 'pending'
  `.execute(owner);
  return rows[0]!.waiting;
}

/** Statements that all processes together have sent, and transactions that they have committed, since the server's start. */
export interface DatabaseWork {
  statements: number;
  commits: number;
  atMs: number;
}

/** Needs the extension pg_stat_statements. */
export async function readDatabaseWork(owner: Kysely<Database>): Promise<DatabaseWork> {
  const { rows } = await sql<{ statements: number; commits: number }>`
    select (select sum(calls)::float8 from pg_stat_statements) as statements,
      (select xact_commit::float8 from pg_stat_database where datname = current_database()) as commits
  `.execute(owner);
  return { ...rows[0]!, atMs: performance.now() };
}
