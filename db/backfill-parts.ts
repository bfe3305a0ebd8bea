import { sql, type Transaction } from 'kysely';
import { type BackfillResource, type BackfillStep, type BackfillWish, strongerWish } from '../domain/backfill.ts';
import type { Slice } from '../domain/backfill-slices.ts';
import type { BackfillPart, BackfillRun } from './backfill-runs.ts';
import type { Database } from './schema.ts';

/** Names the part of one location and resource in a run. */
export interface PartKey {
  runId: string;
  locationId: string;
  resource: BackfillResource;
}

const ofPart = ({ runId, locationId, resource }: PartKey) =>
  sql`parts.run_id = ${runId} and parts.location_id = ${locationId} and parts.resource = ${resource}`;

/** A part of the scope with its run; undefined when there is none. */
export async function findBackfillPart(
  tx: Transaction<Database>,
  key: PartKey,
): Promise<{ part: BackfillPart; run: BackfillRun } | undefined> {
  const part = await tx
    .selectFrom('backfill_parts')
    .selectAll()
    .where('run_id', '=', key.runId)
    .where('location_id', '=', key.locationId)
    .where('resource', '=', key.resource)
    .executeTakeFirst();
  if (!part) return undefined;
  const run = await tx.selectFrom('backfill_runs').selectAll().where('id', '=', key.runId).executeTakeFirstOrThrow();
  return { part, run };
}

/** Marks a part as begun. @returns its state now; undefined when there is none */
export async function beginBackfillPart(tx: Transaction<Database>, key: PartKey, now: Date) {
  const { rows } = await sql<Pick<BackfillPart, 'state'>>`
    update backfill_parts as parts
    set state = case when state = 'waiting' then 'running' else state end, started_at = coalesce(started_at, ${now})
    where ${ofPart(key)} returning state
  `.execute(tx);
  return rows[0]?.state;
}

/** Notes what people want of one part; what is cancelled stays so. */
export async function wishOfPart(tx: Transaction<Database>, key: PartKey, wish: BackfillWish): Promise<void> {
  await sql`
    update backfill_parts as parts set wanted = ${wish}
    where ${ofPart(key)} and ended_at is null and wanted <> 'cancel'
  `.execute(tx);
}

/** Goes to the next step, from exactly the one before. Repeating it changes nothing. */
export async function enterStep(
  tx: Transaction<Database>,
  key: PartKey,
  of: { from: string | null; to: BackfillStep; total: number | null },
): Promise<void> {
  await sql`
    update backfill_parts as parts
    set step = ${of.to}, progress = '{}', done = 0, total = ${of.total}, active_seconds = 0
    where ${ofPart(key)} and step is not distinct from ${of.from} and state = 'running'
  `.execute(tx);
}

/** Stores what a step is cut into. Of two that come at once the first one stands. @returns what stands */
export async function storeSlices(
  tx: Transaction<Database>,
  key: PartKey,
  of: { step: BackfillStep; slices: readonly Slice[]; total: number | null },
): Promise<void> {
  await sql`
    update backfill_parts as parts
    set progress = ${JSON.stringify({ slices: of.slices })}::jsonb, total = coalesce(${of.total}, total)
    where ${ofPart(key)} and step = ${of.step} and not (progress ? 'slices') and state = 'running'
  `.execute(tx);
}

/** What one page or batch adds to the figures of a part. */
export interface Tally {
  done: number;
  activeSeconds: number;
  listed: number;
  written: number;
  missing: number;
  different: number;
  deleted: number;
  leftToPoll: number;
  checked: number;
}

export const emptyTally = (): Tally => ({
  done: 0,
  activeSeconds: 0,
  listed: 0,
  written: 0,
  missing: 0,
  different: 0,
  deleted: 0,
  leftToPoll: 0,
  checked: 0,
});

/**
 * Moves a step on from exactly where its page began, in the transaction that writes the page: a crash repeats the page
 * whole or not at all, and of two readers who took the same page one writes it.
 * @param move the path inside `progress`, what must stand there (null: nothing) and what stands there then
 * @returns what people want of the part now; undefined when somebody else has moved it
 */
export async function moveOn(
  tx: Transaction<Database>,
  key: PartKey,
  step: BackfillStep,
  move: { path: string[]; before: unknown; after: unknown },
  tally: Tally,
): Promise<BackfillWish | undefined> {
  const { rows } = await sql<{ of_part: BackfillWish; of_run: BackfillWish }>`
    update backfill_parts as parts
    set progress = jsonb_set(progress, ${move.path}::text[], ${JSON.stringify(move.after)}::jsonb),
      done = done + ${tally.done}, active_seconds = active_seconds + ${tally.activeSeconds},
      listed = listed + ${tally.listed}, written = written + ${tally.written},
      missing = missing + ${tally.missing}, different = different + ${tally.different},
      deleted = deleted + ${tally.deleted}, left_to_poll = left_to_poll + ${tally.leftToPoll},
      checked = checked + ${tally.checked}
    from backfill_runs as runs
    where ${ofPart(key)} and runs.id = parts.run_id and step = ${step} and state = 'running'
      and coalesce(progress #> ${move.path}::text[], 'null') = ${JSON.stringify(move.before ?? null)}::jsonb
    returning parts.wanted as of_part, runs.wanted as of_run
  `.execute(tx);
  const [wanted] = rows;
  return wanted && strongerWish(wanted.of_run, wanted.of_part);
}

/** Ends a part; the first end stands. @returns false when it had ended */
export async function endBackfillPart(
  tx: Transaction<Database>,
  key: PartKey,
  end: { state: 'done' | 'failed' | 'cancelled'; cause: string | null; stored: number | null; now: Date },
): Promise<boolean> {
  const { rows } = await sql`
    update backfill_parts as parts
    set state = ${end.state}, cause = ${end.cause}, stored = ${end.stored}, ended_at = ${end.now}
    where ${ofPart(key)} and ended_at is null returning 1
  `.execute(tx);
  return rows.length > 0;
}
