import { createHash } from 'node:crypto';
import { listSpellings } from './distinctive.ts';
import { readSaid, readUsed, type SaidText, type TextKind, type ValueKind } from './evidence.ts';
import { listTexts } from './texts.ts';
import { createValueFinder, type Hit } from './value-finder.ts';

/** A value that was used and can be read where it must not be; it names neither the value nor what it is part of. */
export interface Finding {
  kind: ValueKind;
  /** Tells two values apart. */
  hash: string;
  said: TextKind;
  file: string;
  place: string;
  /** The text around it, with everything that was found in it masked. */
  excerpt: string;
  times: number;
}

export interface SearchResult {
  findings: Finding[];
  texts: Record<TextKind, number>;
  /** The values that were looked for. */
  values: Record<ValueKind, number>;
  /** Values that any text may hold by chance. */
  ordinary: number;
  characters: number;
}

const CONTEXT_CHARACTERS = 80;

/**
 * Looks for every value that the tests used in every text that the system said.
 * @param folder of the evidence
 * @param sources all sources of the product, in lower case
 */
export function searchEvidence(folder: string, sources: string): SearchResult {
  const { kinds, ordinary } = listWanted(folder, sources);
  const find = createValueFinder(kinds.keys());
  const result: SearchResult = {
    findings: [],
    texts: { 'log line': 0, 'error answer': 0, metrics: 0, failure: 0, command: 0, history: 0 },
    values: { token: 0, phone: 0, 'e-mail': 0, name: 0 },
    ordinary,
    characters: 0,
  };
  for (const kind of kinds.values()) result.values[kind] += 1;

  const findings = new Map<string, Finding>();
  for (const said of readSaid(folder)) {
    result.texts[said.kind] += 1;
    result.characters += said.text.length;
    const places: [string, string][] = [...listTexts(said.text), ['place', said.place]];
    for (const [path, text] of places) {
      const hits = find(text);
      for (const { spelling } of hits) {
        const hash = createHash('sha256').update(spelling).digest('hex').slice(0, 8);
        const key = [said.kind, said.file, path, hash].join(' ');
        const finding = findings.get(key);
        if (finding) finding.times += 1;
        else {
          const place = describePlace(said, path, find);
          const found = { kind: kinds.get(spelling)!, hash, said: said.kind, file: said.file, place };
          findings.set(key, { ...found, excerpt: excerptOf(text, hits), times: 1 });
        }
      }
    }
  }
  return { ...result, findings: [...findings.values()] };
}

/** The spellings that are looked for, and how many values are not: too short, or words of the product's own sources. */
function listWanted(folder: string, sources: string): { kinds: Map<string, ValueKind>; ordinary: number } {
  const kinds = new Map<string, ValueKind>();
  const short = new Set<string>();
  for (const used of readUsed(folder)) {
    const spellings = listSpellings(used);
    if (spellings.length === 0) short.add(used.value);
    for (const spelling of spellings) if (!kinds.has(spelling)) kinds.set(spelling, used.kind);
  }
  // A rep may be called Master, and a token be no-such-token.
  const words = new Set(createValueFinder(kinds.keys())(sources).map(({ spelling }) => spelling));
  for (const word of words) kinds.delete(word);
  return { kinds, ordinary: short.size + words.size };
}

function describePlace(said: SaidText, path: string, find: (text: string) => Hit[]): string {
  const place = [said.place, path].filter((part) => part !== '').join(' ');
  return mask(place, find(place.toLowerCase()));
}

/** The part of the text around the first hit. */
function excerptOf(text: string, hits: Hit[]): string {
  const starts = hits.map(({ start }) => start);
  const from = Math.max(0, Math.min(...starts) - CONTEXT_CHARACTERS);
  const masked = mask(
    text.slice(from),
    hits.map((hit) => ({ ...hit, start: hit.start - from, end: hit.end - from })),
  );
  return masked.slice(0, 2 * CONTEXT_CHARACTERS);
}

/** Covers what was found with as many dots. */
function mask(text: string, hits: Hit[]): string {
  const characters = [...Array.from({ length: text.length }, (_none, at) => text[at]!)];
  for (const { start, end } of hits) characters.fill('•', start, Math.min(end, characters.length));
  return characters.join('');
}
