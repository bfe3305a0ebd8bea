import { SHORTEST } from './distinctive.ts';

const WINDOW_BITS = 25;
const MASK = 2 ** WINDOW_BITS - 1;
/** Each character of the window shifts the earlier ones by this; after five they are gone. */
const SHIFT = WINDOW_BITS / SHORTEST;
const WORD = /[\p{L}\p{N}]/u;
const PHONE = /(?<!\d)\+?\d[\d\s().-]{8,20}\d(?!\d)/g;

export interface Hit {
  /** The spelling that was found. */
  spelling: string;
  /** Where it begins and ends in the text in lower case. */
  start: number;
  end: number;
}

/**
 * Finds many values at once in texts, in one pass over each: a bit for each beginning of five characters says where it
 * is worth to look closer. A value counts only as a whole: neither inside a longer word nor inside a longer number.
 */
export function createValueFinder(spellings: Iterable<string>): (lowerCaseText: string) => Hit[] {
  const all = new Set(spellings);
  const beginnings = new Uint8Array(2 ** (WINDOW_BITS - 3));
  const lengthsByBeginning = new Map<string, Set<number>>();
  for (const spelling of all) {
    let hash = 0;
    for (let at = 0; at < SHORTEST; at += 1) hash = ((hash << SHIFT) ^ spelling.charCodeAt(at)) & MASK;
    beginnings[hash >> 3]! |= 1 << (hash & 7);
    const beginning = spelling.slice(0, SHORTEST);
    const lengths = lengthsByBeginning.get(beginning) ?? new Set();
    lengthsByBeginning.set(beginning, lengths.add(spelling.length));
  }

  const findExact = (text: string): Hit[] => {
    const hits: Hit[] = [];
    let hash = 0;
    for (let at = 0; at < text.length; at += 1) {
      hash = ((hash << SHIFT) ^ text.charCodeAt(at)) & MASK;
      if ((beginnings[hash >> 3]! & (1 << (hash & 7))) === 0) continue;
      const start = at - SHORTEST + 1;
      if (start < 0) continue;
      for (const length of lengthsByBeginning.get(text.slice(start, at + 1)) ?? []) {
        const end = start + length;
        if (end > text.length) continue;
        const spelling = text.slice(start, end);
        if (all.has(spelling) && isWhole(text, start, end)) hits.push({ spelling, start, end });
      }
    }
    return hits;
  };

  return (text) => {
    const hits = findExact(text);
    // Phones are written with all kinds of signs between their digits.
    for (const match of text.matchAll(PHONE)) {
      const digits = match[0].replace(/\D/g, '');
      if (match[0].replace('+', '') === digits || !all.has(digits)) continue;
      hits.push({ spelling: digits, start: match.index, end: match.index + match[0].length });
    }
    return hits;
  };
}

const isWhole = (text: string, start: number, end: number): boolean =>
  !(joins(text, start - 1) && joins(text, start)) && !(joins(text, end - 1) && joins(text, end));

const joins = (text: string, at: number): boolean => at >= 0 && at < text.length && WORD.test(text[at]!);
