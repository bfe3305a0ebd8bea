import type { UsedValue } from './evidence.ts';

/** The shortest value that is looked for. */
export const SHORTEST = 5;
const SHORTEST_TOKEN = 8;
const PHONE_DIGITS = 10;

/**
 * The spellings by which a used value is recognised in a text, in lower case; none when a text may hold it by chance. A
 * phone needs ten digits, a token eight characters and a name five, and none of them counts that the product's own
 * sources say: a rep may be called Master.
 * @param sources all sources of the product, in lower case
 */
export function listSpellings({ kind, value }: UsedValue, sources: string): string[] {
  const text = value.trim().toLowerCase();
  const spellings = kind === 'phone' ? spellPhone(text) : text.length < shortestOf(kind) ? [] : [text];
  return spellings.filter((spelling) => !sources.includes(spelling));
}

const shortestOf = (kind: UsedValue['kind']): number => (kind === 'token' ? SHORTEST_TOKEN : SHORTEST);

/** As it was given, as digits alone, and without the country code of North America. */
function spellPhone(text: string): string[] {
  const digits = text.replace(/\D/g, '');
  if (digits.length < PHONE_DIGITS || digits.length > 15) return [];
  const national = digits.length === 11 && digits.startsWith('1') ? [digits.slice(1)] : [];
  return [...new Set([text, digits, ...national])];
}
