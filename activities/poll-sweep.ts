import type { Transaction } from 'kysely';
import { noteFieldDrift } from '../db/field-mappings.ts';
import { dropSweepPages, listToRead, listUnseen, noteMissing, saveSweepPage, type Unseen } from '../db/poll-mirror.ts';
import type { PassChange } from '../db/poll-passes.ts';
import type { Database } from '../db/schema.ts';
import type { FieldDefinition } from '../domain/field-mapping.ts';
import type { Comparison } from '../domain/poll-comparison.ts';
import {
  adoptListed,
  type Compared,
  comparePage,
  countDifferent,
  readAndTake,
  takeListed,
  writeGone,
} from './poll-found.ts';
import { noteListedGaps } from './poll-gaps.ts';
import { endRound, keepPlace, pageProgress, reportDrift } from './poll-round.ts';
import type { Listed } from './poll-source.ts';
import { startOf } from './poll-sources.ts';
import { cursorOf, type PageOutcome, type Turn } from './poll-turn.ts';

/** Where a sweep goes on: with a page of the list, or with records to be read, by their ids. */
type SweepCursor = { phase: 'list'; after: unknown; page: number } | { phase: 'confirm'; afterId: string };

/** How many doubtful records one step reads. */
const READ_A_STEP = 25;

/**
 * Takes one step of a sweep: first through the list of everything, then through the records that the list lacks, which
 * are read by their ids. A list never deletes: it lags, moves under its reader and can lose a record for a while.
 */
export async function pollSweep(turn: Turn): Promise<PageOutcome> {
  const cursor = cursorOf<SweepCursor>(turn.pass) ?? { phase: 'list', after: null, page: 0 };
  return cursor.phase === 'list' ? sweepPage(turn, cursor) : confirmSome(turn, cursor.afterId);
}

async function sweepPage(turn: Turn, cursor: { after: unknown; page: number }): Promise<PageOutcome> {
  const { pass, place, source } = turn;
  const { items, next } = await source.listAll(turn.listing(cursor.after));
  const compared = await comparePage(turn, items);
  const found = pass.repairs ? await repair(turn, compared) : await countOnly(turn, compared);
  const progress: PassChange = {
    ...pageProgress(turn, items, found.different + found.missingHere),
    missing_here: pass.missing_here + found.missingHere,
    different: pass.different + found.different,
  };
  return turn.inScope(async (tx) => {
    await saveSweepPage(
      tx,
      place,
      cursor.page,
      items.map(({ seen }) => seen.ghlId),
    );
    await noteListedGaps(tx, turn, items);
    if (place.resource === 'custom-field') await noteDrift(tx, turn, items);
    if (next === null) return closeList(tx, turn, progress);
    const on: SweepCursor = { phase: 'list', after: next, page: cursor.page + 1 };
    await keepPlace(tx, turn, { ...progress, cursor: JSON.stringify(on) });
    return { isDone: false };
  });
}

/** Tells how our mappings stand beside the location's custom fields, which GHL lists in one piece. */
async function noteDrift(tx: Transaction<Database>, { place, deps }: Turn, items: readonly Listed[]): Promise<void> {
  const ofContacts = items.filter(({ seen }) => (seen.fields['model'] ?? 'contact') === 'contact');
  await noteFieldDrift(tx, place, ofContacts.map(definitionOf), deps.now());
}

function definitionOf({ seen }: Listed): FieldDefinition {
  const { dataType, picklistOptions } = seen.fields;
  return {
    ghlFieldId: seen.ghlId,
    dataType: typeof dataType === 'string' ? dataType : '',
    options: Array.isArray(picklistOptions) ? picklistOptions.map(String) : [],
  };
}

interface Differences {
  missingHere: number;
  different: number;
}

const idsOf = (compared: readonly Compared[]): string[] => compared.map(({ item }) => item.seen.ghlId);

/** Brings a page into step. Another content at the same time of change is believed when the record itself shows it. */
async function repair(turn: Turn, compared: readonly Compared[]): Promise<Differences> {
  const { source, place, isFirst } = turn;
  const of = (...wanted: Comparison[]) => compared.filter(({ comparison }) => wanted.includes(comparison));
  const missing = of('missing-here');
  const isAdopted = ({ isMissedLead }: Compared) => place.resource === 'contact' && isFirst && !isMissedLead;
  const adopted = missing.filter(isAdopted);
  await adoptListed(
    turn,
    adopted.map(({ item }) => item),
  );
  const news = [...missing.filter((each) => !isAdopted(each)), ...of('changed')];
  const whole = news.filter(({ item, isMissedLead }) => !source.isPartial(item) && !isMissedLead);
  await takeListed(
    turn,
    whole.map(({ item }) => item),
  );
  const partial = news.filter((each) => !whole.includes(each));
  const untold = compared.filter(({ isMissedLead, comparison }) => isMissedLead && comparison === 'unchanged');
  await readAndTake(turn, idsOf([...partial, ...untold]));
  const returned = source.read ? await readAndTake(turn, idsOf(of('deleted-here'))) : { changed: 0 };
  const doubtful = source.read ? await readAndTake(turn, idsOf(of('different'))) : { changed: 0 };
  return {
    missingHere: (isFirst ? 0 : missing.length) + returned.changed,
    different: of('changed').length + doubtful.changed,
  };
}

async function countOnly(turn: Turn, compared: readonly Compared[]): Promise<Differences> {
  const of = (wanted: Comparison) => compared.filter(({ comparison }) => comparison === wanted);
  const doubtful = turn.source.read ? await countDifferent(turn, idsOf(of('different'))) : of('different').length;
  return { missingHere: of('missing-here').length, different: of('changed').length + doubtful };
}

/** The list is read to its end: what is here and was not in it has to be looked for. */
async function closeList(tx: Transaction<Database>, turn: Turn, progress: PassChange): Promise<PageOutcome> {
  const { pass, place, source, rule, startedAt } = turn;
  const covers = (each: Unseen) => source.covers?.(startOf(each.fields), turn.listing(null)) ?? true;
  const unseen = (await listUnseen(tx, place, startedAt)).filter(covers);
  const ids = unseen.map(({ ghlId }) => ghlId);
  if (!pass.repairs) {
    await dropSweepPages(tx, place);
    return end(tx, turn, { ...progress, missing_there: ids.length });
  }
  await noteMissing(tx, place, ids, turn.deps.now());
  await dropSweepPages(tx, place);
  if (rule.goneBy === 'read') {
    const on: SweepCursor = { phase: 'confirm', afterId: '' };
    await keepPlace(tx, turn, { ...progress, cursor: JSON.stringify(on) });
    return { isDone: false };
  }
  const twice = unseen.filter(({ missingSince }) => missingSince !== null && missingSince < startedAt);
  const marked = await writeGone(
    tx,
    turn,
    twice.map(({ ghlId }) => ghlId),
    startedAt,
  );
  return end(tx, turn, { ...progress, missing_there: marked });
}

async function confirmSome(turn: Turn, afterId: string): Promise<PageOutcome> {
  const { pass, place } = turn;
  const ids = await turn.inScope((tx) => listToRead(tx, place, afterId, READ_A_STEP));
  const { deleted } = await readAndTake(turn, ids);
  const progress: PassChange = {
    ...pageProgress(turn, [], deleted),
    missing_here: pass.missing_here,
    different: pass.different,
    missing_there: pass.missing_there + deleted,
  };
  return turn.inScope(async (tx) => {
    const last = ids.at(-1);
    if (last === undefined || ids.length < READ_A_STEP) return end(tx, turn, progress);
    const on: SweepCursor = { phase: 'confirm', afterId: last };
    await keepPlace(tx, turn, { ...progress, cursor: JSON.stringify(on) });
    return { isDone: false };
  });
}

async function end(tx: Transaction<Database>, turn: Turn, counts: PassChange): Promise<PageOutcome> {
  await endRound(tx, turn, counts);
  await reportDrift(tx, turn, counts);
  return { isDone: true };
}
