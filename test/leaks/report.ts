import type { SearchResult } from './search.ts';

const MOST_LINES = 100;

/**
 * What a search says on the terminal. It names the kind of a value and its hash, and never the value.
 * @param isWhole whether all tests ran: then every kind of text and of value must have been there, or the search proved
 * nothing
 */
export function describeSearch(result: SearchResult, isWhole: boolean): { lines: string[]; isClean: boolean } {
  const { findings, texts, values } = result;
  const found = findings.map(({ kind, hash, said, file, place, excerpt, times }) =>
    [`${file || 'unknown file'}: ${kind} #${hash} in a ${said}, ${times} times`, `    ${place}`, `    ${excerpt}`].join(
      '\n',
    ),
  );
  const left = found.length - MOST_LINES;
  const missing = isWhole ? listMissing({ ...texts, ...values }) : [];
  const looked = `looked for ${listCounts(values)} in ${listCounts(texts)} (${Math.round(result.characters / 1e6)} million characters); ${result.ordinary} values are too ordinary to be looked for`;
  return {
    lines: [
      ...found.slice(0, MOST_LINES),
      ...(left > 0 ? [`and ${left} more`] : []),
      ...missing.map((kind) => `nothing of this kind was gathered, so the search proves nothing: ${kind}`),
      looked,
    ],
    isClean: found.length === 0 && missing.length === 0,
  };
}

const listMissing = (counts: Record<string, number>): string[] =>
  Object.keys(counts).filter((kind) => counts[kind] === 0);

const listCounts = (counts: Record<string, number>): string =>
  Object.entries(counts)
    .map(([kind, count]) => `${count} × ${kind}`)
    .join(', ');
