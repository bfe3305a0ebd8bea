export interface PersonName {
  firstName: string | null;
  lastName: string | null;
}

const HONORIFICS: ReadonlySet<string> = new Set(['mr', 'mrs', 'ms', 'miss', 'mx', 'dr', 'prof', 'sir', 'madam']);
/** What forms send when nobody typed a name. */
const PLACEHOLDERS: ReadonlySet<string> = new Set(['n/a', 'na', 'none', 'null', 'undefined', 'unknown', 'anonymous']);
/** Control, format and zero-width characters; joiners stay, some scripts need them. */
const INVISIBLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}]/gu;

/**
 * Splits and tidies a name. Letters, case and accents are kept as typed.
 * The first word is the first name, with an initial after it ("John Q. Public"); "Public, John" is turned round.
 * @param raw `name` is read only as far as the separate parts leave something open
 * @returns null for a part that is not known; a lone word after an honorific is a last name ("Mrs Lee")
 */
export function normalisePersonName(raw: {
  name?: string | null;
  firstName?: string | null;
  lastName?: string | null;
}): PersonName {
  const firstName = tidy(raw.firstName);
  const lastName = tidy(raw.lastName);
  const isPlaceholder = [firstName, lastName].every((part) => part === null || PLACEHOLDERS.has(part.toLowerCase()));
  if (isPlaceholder) return splitFullName(tidy(raw.name));
  if (firstName !== null && lastName !== null) return { firstName, lastName };
  const whole = splitFullName(tidy(raw.name));
  // Only a full name that agrees with the part given may complete it.
  if (firstName !== null) return { firstName, lastName: sameText(whole.firstName, firstName) ? whole.lastName : null };
  return { firstName: sameText(whole.lastName, lastName) ? whole.firstName : null, lastName };
}

function tidy(text: string | null | undefined): string | null {
  const clean = (text ?? '').normalize('NFC').replace(/\s+/g, ' ').replace(INVISIBLE, '').trim();
  return /\p{L}/u.test(clean) ? clean : null;
}

function splitFullName(name: string | null): PersonName {
  if (name === null || PLACEHOLDERS.has(name.toLowerCase())) return { firstName: null, lastName: null };
  const turned = /^([^,]+), ([^,]+)$/.exec(name);
  const isSuffix = /^(jr|sr|i{2,3}|iv)\.?$/i.test(turned?.[2] ?? '');
  const text = turned?.[1] && turned[2] && !isSuffix ? `${turned[2]} ${turned[1]}` : name;
  const words = text.split(' ');
  const isAddressed = words.length > 1 && HONORIFICS.has((words[0] ?? '').toLowerCase().replace('.', ''));
  if (isAddressed) words.shift();
  if (isAddressed && words.length === 1) return { firstName: null, lastName: words[0] ?? null };
  const firstLength = words.length > 2 && /^\p{L}\.?$/u.test(words[1] ?? '') ? 2 : 1;
  return {
    firstName: words.slice(0, firstLength).join(' '),
    lastName: words.length > firstLength ? words.slice(firstLength).join(' ') : null,
  };
}

function sameText(a: string | null, b: string | null): boolean {
  return a !== null && b !== null && a.toLowerCase() === b.toLowerCase();
}
