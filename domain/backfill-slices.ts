import type { Fields } from './mirror.ts';
import { type Span } from './backfill.ts';

/** What a list is cut into so that several pages of it are read side by side. */
export interface Slice extends Span {
  /** What a list goes by that is asked for one owner at a time: a calendar. */
  key: string | null;
  /** GHL's cursor behind the last page that was written; null before the first. */
  after: Fields[string];
  isDone: boolean;
  /** How far a check is: the time of the last record, in milliseconds, and which of that very moment were seen. */
  edgeMs: number | null;
  edgeIds: string[];
}

export const newSlice = (span: Span, key: string | null = null): Slice => ({
  from: span.from,
  to: span.to,
  key,
  after: null,
  isDone: false,
  edgeMs: null,
  edgeIds: [],
});

export interface CountedSpan {
  /** Ends are known here: halves need a middle. */
  from: number;
  to: number;
  count: number;
}

/** Below this a span is not worth a cut: a few pages are read faster than counted. */
const WORTH_CUTTING = 2_500;
const SHORTEST_MS = 1_000;

/**
 * The span to be halved next: the fullest, while there are fewer than `most` of them and it is worth it. Imports put
 * many records into one hour, so equal lengths would leave one reader with nearly all.
 * @returns undefined when the cut is good enough
 */
export function chooseSpanToHalve(spans: readonly CountedSpan[], most: number): CountedSpan | undefined {
  if (spans.length >= most) return undefined;
  const cuttable = spans.filter(({ from, to, count }) => count > WORTH_CUTTING && to - from > SHORTEST_MS);
  return cuttable.reduce<CountedSpan | undefined>(
    (fullest, span) => (fullest && fullest.count >= span.count ? fullest : span),
    undefined,
  );
}

/** Both halves of a span, of whose first half the count is known. */
export function halve(span: CountedSpan, middle: number, firstCount: number): [CountedSpan, CountedSpan] {
  return [
    { from: span.from, to: middle, count: firstCount },
    { from: middle, to: span.to, count: Math.max(0, span.count - firstCount) },
  ];
}

export const middleOf = ({ from, to }: CountedSpan): number => Math.floor((from + to) / 2);

/** A record of a page as far as a check is concerned. */
export interface Sighted {
  ghlId: string;
  createdMs: number;
}

/** A stretch of time in which the mirror must hold nothing but what GHL showed. */
export interface Cover extends Span {
  seenIds: string[];
}

/**
 * Which stretch of time a page of an ordered list covers, and what GHL showed in it: all that the mirror holds there
 * beside those was not listed. Records of the very moment at which a page ends may stand on the next one, so that
 * moment counts to the next page.
 * @param page in the order of the list
 * @returns the stretch, null when the page tells of none, and the slice behind the page
 */
export function coverOf(
  slice: Slice,
  page: readonly Sighted[],
  list: { isAscending: boolean; isLast: boolean },
): { cover: Cover | null; edge: Pick<Slice, 'edgeMs' | 'edgeIds'> } {
  const { edgeMs, edgeIds } = slice;
  const endMs = page.at(-1)?.createdMs;
  if (endMs === undefined && !list.isLast) return { cover: null, edge: { edgeMs, edgeIds } };
  const seenIds = [...edgeIds, ...page.map(({ ghlId }) => ghlId)];
  const span: Span = list.isAscending
    ? { from: edgeMs ?? slice.from, to: list.isLast ? slice.to : endMs! }
    : { from: list.isLast ? slice.from : endMs! + 1, to: edgeMs === null ? slice.to : edgeMs + 1 };
  if (endMs === undefined) return { cover: { ...span, seenIds }, edge: { edgeMs, edgeIds } };
  const atEnd = page.filter(({ createdMs }) => createdMs === endMs).map(({ ghlId }) => ghlId);
  return {
    cover: { ...span, seenIds },
    edge: { edgeMs: endMs, edgeIds: [...(edgeMs === endMs ? edgeIds : []), ...atEnd] },
  };
}
