import { setTimeout as sleep } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import type { Database } from '../db/schema.ts';

/** The end of a round of a pass. */
export interface RoundEnd {
  locationId: string;
  resource: string;
  kind: string;
  finishedAt: Date;
  /** When the next one is due. */
  dueAt: Date;
}

/** How the passes of all locations stand. */
export interface PassCount {
  /** Those that have been to their end at least once. */
  done: number;
  failing: number;
  /** Those that should have begun more than two minutes ago. */
  late: number;
}

/** Reads the ends of rounds, each once, as they come. Of two ends of one pass between two looks it sees the later. */
export function watchRounds(owner: Kysely<Database>, everyMs: number) {
  const ends: RoundEnd[] = [];
  let last = new Date(0);
  let isStopped = false;
  const look = async (): Promise<void> => {
    const found = await sql<RoundEnd>`
      select location_id as "locationId", resource, kind, finished_at as "finishedAt", due_at as "dueAt"
      from poll_passes where finished_at > ${last} order by finished_at
    `.execute(owner);
    ends.push(...found.rows);
    last = found.rows.at(-1)?.finishedAt ?? last;
  };
  const running = (async () => {
    while (!isStopped) {
      await look();
      await sleep(everyMs);
    }
    await look();
  })();
  return {
    ends,
    async stop() {
      isStopped = true;
      await running;
    },
  };
}

/** Counts how the passes stand. */
export async function countPasses(owner: Kysely<Database>): Promise<PassCount> {
  const found = await sql<PassCount>`
    select count(*) filter (where finished_at is not null)::int as done,
      count(*) filter (where failures > 0)::int as failing,
      count(*) filter (where due_at < now() - interval '2 minutes')::int as late
    from poll_passes
  `.execute(owner);
  return found.rows[0]!;
}

/** The times between the rounds of one pass in some locations, in milliseconds; the first end begins the first of them. */
export function intervalsOf(
  ends: readonly RoundEnd[],
  of: { resource: string; kind: string; locationIds: readonly string[] },
): number[] {
  const wanted = new Set(of.locationIds);
  const last = new Map<string, number>();
  const intervals: number[] = [];
  for (const { locationId, resource, kind, finishedAt } of ends) {
    if (resource !== of.resource || kind !== of.kind || !wanted.has(locationId)) continue;
    const before = last.get(locationId);
    if (before !== undefined) intervals.push(finishedAt.getTime() - before);
    last.set(locationId, finishedAt.getTime());
  }
  return intervals;
}

/** How long after their last round one pass is due again in some locations, in milliseconds. */
export function waitsOf(
  ends: readonly RoundEnd[],
  of: { resource: string; kind: string; locationIds: readonly string[] },
): number[] {
  const wanted = new Set(of.locationIds);
  const last = new Map<string, number>();
  for (const end of ends) {
    if (end.resource !== of.resource || end.kind !== of.kind || !wanted.has(end.locationId)) continue;
    last.set(end.locationId, end.dueAt.getTime() - end.finishedAt.getTime());
  }
  return [...last.values()];
}
