import { ApplicationFailure } from '@temporalio/activity';
import { isReadFarEnough } from '../domain/poll-comparison.ts';
import { adoptListed, type Compared, comparePage, readAndTake, takeListed } from './poll-found.ts';
import { noteListedGaps } from './poll-gaps.ts';
import { endRound, keepPlace, pageProgress } from './poll-round.ts';
import { cursorOf, type PageOutcome, type Turn } from './poll-turn.ts';

/**
 * Takes one page of what has changed lately, from the newest change to where the round before began and a little further,
 * because GHL's lists lag. What changes meanwhile is newer than all that this round has seen, and the next round's.
 */
export async function pollDelta(turn: Turn): Promise<PageOutcome> {
  const { pass, rule, source } = turn;
  if (!source.changes || !rule.delta) throw ApplicationFailure.nonRetryable('no such pass', 'PassUnknown');
  const floor = pass.watermark && new Date(pass.watermark.getTime() - rule.delta.overlapMs);
  const page = await source.changes.list(turn.listing(cursorOf(pass)), floor);
  const changed = await takeNews(turn, await comparePage(turn, page.items));
  const changedAts = page.items.map(({ changedAt }) => changedAt);
  const isEnough = source.changes.order === 'newest-first' && isReadFarEnough(changedAts, floor);
  const progress = pageProgress(turn, page.items, changed);
  if (page.next === null || isEnough) {
    await turn.inScope(async (tx) => {
      await noteListedGaps(tx, turn, page.items);
      await endRound(tx, turn, progress);
    });
    return { isDone: true };
  }
  await turn.inScope(async (tx) => {
    await noteListedGaps(tx, turn, page.items);
    await keepPlace(tx, turn, { ...progress, cursor: JSON.stringify(page.next) });
  });
  return { isDone: false };
}

/**
 * Writes what a page has shown to be new. What a location holds when it is first looked at is kept as listed and read
 * later, by the sweep: reading thousands of contacts must not keep its new leads waiting.
 * @returns how many records it was
 */
async function takeNews(turn: Turn, compared: readonly Compared[]): Promise<number> {
  const { source, place, isFirst } = turn;
  const news = compared.filter(({ comparison }) => comparison !== 'unchanged' && comparison !== 'different');
  const mustBeRead = ({ item, comparison, isMissedLead }: Compared): boolean =>
    isMissedLead || comparison === 'deleted-here' || source.isPartial(item);
  const isAdopted = ({ comparison, isMissedLead }: Compared): boolean =>
    place.resource === 'contact' && isFirst && !isMissedLead && comparison === 'missing-here';
  await adoptListed(
    turn,
    news.filter(isAdopted).map(({ item }) => item),
  );
  const rest = news.filter((each) => !isAdopted(each));
  await takeListed(
    turn,
    rest.filter((each) => !mustBeRead(each)).map(({ item }) => item),
  );
  const toRead = new Set(rest.filter(mustBeRead).map(({ item }) => item.seen.ghlId));
  for (const { item, isMissedLead } of compared) if (isMissedLead) toRead.add(item.seen.ghlId);
  await readAndTake(turn, [...toRead]);
  return news.length;
}
