import type { UsedValue } from './evidence.ts';

/** The shortest value that is looked for. */
export const SHORTEST = 5;
const SHORTEST_TOKEN = 8;
const PHONE_DIGITS = 10;

/**
 * The spellings by which a used value is recognised in a text, in lower case; none when it is so short that a text may
 * hold it by chance. A phone needs ten digits, a token eight characters and anything else five.
 */
export function listSpellings({ kind, value }: UsedValue): string[] {
  const text = value.trim().toLowerCase();
  if (kind === 'phone') return spellPhone(text);
  return text.length < shortestOf(kind) ? [] : [text];
}

const shortestOf = (kind: UsedValue['kind']): number => (kind === 'token' ? SHORTEST_TOKEN : SHORTEST);

/** As it was given, as digits alone, and without the country code of North America. */
function spellPhone(text: string): string[] {
  const digits = text.replace(/\D/g, '');
  if (digits.length < PHONE_DIGITS || digits.length > 15) return [];
  const national = digits.length === 11 && digits.startsWith('1') ? [digits.slice(1)] : [];
  return [...new Set([text, digits, ...national])];
}
