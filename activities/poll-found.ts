import type { Transaction } from 'kysely';
import { markGone } from '../db/gone-records.ts';
import { findKnown, writeObservations } from '../db/mirror.ts';
import { listOrigins } from '../db/poll-mirror.ts';
import type { Database } from '../db/schema.ts';
import { isSameRecord, NEWS, type Observation } from '../domain/mirror.ts';
import { type Comparison, compareListed } from '../domain/poll-comparison.ts';
import { findMissedLeads, followFound, followGone } from './poll-follow.ts';
import { noteGoneGaps } from './poll-gaps.ts';
import type { Found, Listed } from './poll-source.ts';
import type { Turn } from './poll-turn.ts';

/** A crash loses so many reads at most, and so many are under way at once. */
const READ_AT_ONCE = 5;

/** A listed record beside what is known of it. */
export interface Compared {
  item: Listed;
  comparison: Comparison;
  /** Made since go-live, and nobody has told of it. */
  isMissedLead: boolean;
}

/** Compares a page with what is known. */
export async function comparePage(turn: Turn, items: readonly Listed[]): Promise<Compared[]> {
  const { place, source } = turn;
  return turn.inScope(async (tx) => {
    const known = await findKnown(
      tx,
      place,
      items.map(({ seen }) => seen),
    );
    const missed = await findMissedLeads(tx, turn, items);
    return items.map((item) => {
      const of = known.get(item.seen.ghlId);
      const believed = { ...item.seen, fields: source.believe(of?.fields, item.seen.fields) };
      return {
        item,
        comparison: compareListed(of, believed),
        isMissedLead: missed.has(item.seen.ghlId),
      };
    });
  });
}

/** What became of records that were read. */
export interface Taken {
  /** Those that differed from what was known, by the record itself. */
  changed: number;
  deleted: number;
}

/** Writes listed records that tell all there is to know. */
export async function takeListed(turn: Turn, items: readonly Listed[]): Promise<void> {
  if (items.length === 0) return;
  await turn.inScope((tx) => writeFound(tx, turn, items));
}

/** Keeps records as a list shows them until they are read: what was there before we looked tells leads nothing. */
export async function adoptListed(turn: Turn, items: readonly Listed[]): Promise<void> {
  if (items.length === 0) return;
  await turn.inScope((tx) =>
    writeObservations(
      tx,
      turn.place,
      items.map(({ seen }) => seen),
      'poll',
    ),
  );
}

/**
 * Reads records one by one and writes what they are, a few in each transaction, so that what was read stays read
 * whatever happens to the rest. One that GHL says is not there is marked deleted: nothing else marks one so.
 * @throws what GHL's calls raise, after the others of the few were written
 */
export async function readAndTake(turn: Turn, ghlIds: readonly string[]): Promise<Taken> {
  const taken: Taken = { changed: 0, deleted: 0 };
  for (let at = 0; at < ghlIds.length; at += READ_AT_ONCE) {
    const { found, gone, askedAt, failure } = await readSome(turn, ghlIds.slice(at, at + READ_AT_ONCE));
    await turn.inScope(async (tx) => {
      taken.changed += await writeFound(tx, turn, found);
      taken.deleted += await writeGone(tx, turn, gone, askedAt);
    });
    if (failure !== undefined) throw failure;
  }
  return taken;
}

/** Counts the records that differ from what is known, by the records themselves, and writes nothing. */
export async function countDifferent(turn: Turn, ghlIds: readonly string[]): Promise<number> {
  let different = 0;
  for (let at = 0; at < ghlIds.length; at += READ_AT_ONCE) {
    const { found, gone, failure } = await readSome(turn, ghlIds.slice(at, at + READ_AT_ONCE));
    if (failure !== undefined) throw failure;
    const seen = found.map((each) => each.seen);
    const known = await turn.inScope((tx) => findKnown(tx, turn.place, seen));
    const isSame = (each: Observation) => {
      const of = known.get(each.ghlId);
      return of !== undefined && isSameRecord(of, each);
    };
    different += gone.length + seen.filter((each) => !isSame(each)).length;
  }
  return different;
}

/** Counts the records that GHL has, by the records themselves. */
export async function countThere(turn: Turn, ghlIds: readonly string[]): Promise<number> {
  let there = 0;
  for (let at = 0; at < ghlIds.length; at += READ_AT_ONCE) {
    const { found, failure } = await readSome(turn, ghlIds.slice(at, at + READ_AT_ONCE));
    if (failure !== undefined) throw failure;
    there += found.length;
  }
  return there;
}

async function readSome(turn: Turn, ghlIds: readonly string[]) {
  const { source } = turn;
  const listing = turn.listing(null);
  const reads = await Promise.allSettled(ghlIds.map(async (id) => source.read?.(listing, id)));
  const found: Found[] = [];
  const gone: string[] = [];
  let failure: Error | undefined;
  for (const [index, read] of reads.entries()) {
    if (read.status === 'rejected') failure ??= read.reason as Error;
    else if (read.value) found.push(read.value);
    else gone.push(ghlIds[index]!);
  }
  return { found, gone, askedAt: listing.askedAt, failure };
}

/** @returns how many of them were written */
async function writeFound(tx: Transaction<Database>, turn: Turn, found: readonly Found[]): Promise<number> {
  if (found.length === 0) return 0;
  const { place } = turn;
  const missed = await findMissedLeads(tx, turn, found);
  const observed = await writeObservations(
    tx,
    place,
    found.map(({ seen }) => seen),
    'poll',
  );
  const judgements = new Map(observed.map(({ ghlId, judgement }) => [ghlId, judgement]));
  for (const each of found) {
    const { seen, told } = each;
    const judgement = judgements.get(seen.ghlId) ?? 'same';
    const isMissed = missed.has(seen.ghlId);
    if (told && (isMissed || NEWS.has(judgement))) {
      const type = isMissed ? 'ContactCreate' : told.facts.type;
      // What an opportunity went through happened when it changed; a contact's tags and fields are as they are now.
      const observedAt = (place.resource === 'opportunity' ? seen.ghlUpdatedAt : null) ?? seen.observedAt;
      await followFound(tx, turn, told, type, observedAt);
    }
  }
  return observed.filter(({ judgement }) => judgement !== 'same' && judgement !== 'older').length;
}

/** Marks what GHL says is not there. @returns how many were marked now */
export async function writeGone(
  tx: Transaction<Database>,
  turn: Turn,
  ghlIds: readonly string[],
  askedAt: Date,
): Promise<number> {
  const marked = await markGone(tx, turn.place, ghlIds, askedAt);
  const origins = await listOrigins(tx, turn.place, marked);
  for (const origin of origins) await followGone(tx, turn, origin, askedAt);
  await noteGoneGaps(tx, turn.place, origins, askedAt);
  return marked.length;
}
