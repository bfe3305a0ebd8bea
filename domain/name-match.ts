import type { PersonName } from './person-name.ts';

type Agreement = 'full' | 'initial' | 'missing' | 'conflict';

/** Short forms that are no beginning of the full name; two names of one row agree. */
const NICKNAMES: readonly ReadonlySet<string>[] = [
  'albert al bert bertie',
  'alexander alexandra alexandria sandy sasha lex',
  'alfred al fred freddie',
  'alan allan allen al',
  'andrew andy drew',
  'anthony antony tony',
  'barbara babs barb',
  'charles charlie chuck chas',
  'christopher chris topher kit',
  'christine christina kristina chris chrissy tina',
  'daniel danny dan',
  'david dave davy',
  'deborah debra debbie deb',
  'donald don donnie',
  'dorothy dot dottie dolly',
  'edward ed eddie ned ted teddy',
  'edwin ed eddie',
  'elizabeth elisabeth liz lizzie beth betty eliza libby lisa bess',
  'francis frank frankie',
  'francisco frank paco pancho',
  'frederick fred freddie',
  'gerald gerry jerry',
  'gregory greg',
  'harold harry hal',
  'henry harry hank',
  'jacob jake',
  'james jim jimmy jamie',
  'jennifer jen jenny',
  'john jack johnny jon',
  'jonathan jon jonny johnny',
  'jose pepe',
  'joseph joe joey jo',
  'joanna joanne jo',
  'joshua josh',
  'katherine catherine kathryn kate katie kathy cathy kat kay',
  'kenneth ken kenny',
  'lawrence laurence larry',
  'leonard len lenny leo',
  'margaret maggie meg peggy margie greta',
  'matthew matt',
  'michael mike mick mickey',
  'nathaniel nathan nate',
  'nicholas nicolas nick',
  'pamela pam',
  'patricia pat patty tricia trish',
  'patrick pat paddy',
  'peter pete',
  'philip phillip phil',
  'raymond ray',
  'rebecca becky becca',
  'richard rick ricky rich dick richie',
  'robert rob bob bobby robbie bert',
  'ronald ron ronnie',
  'samuel sam sammy',
  'samantha sam sammy',
  'stephen steven steve stevie',
  'stephanie steph',
  'susan suzanne sue susie suzy',
  'theodore ted teddy theo',
  'theresa teresa terry tess',
  'thomas tom tommy',
  'timothy tim timmy',
  'victoria vicky tori',
  'vincent vince vinny',
  'walter walt wally',
  'william will bill billy willy liam',
].map((row) => new Set(row.split(' ')));

const GENERATIONS: ReadonlySet<string> = new Set(['jr', 'sr', 'ii', 'iii', 'iv']);
const LETTERS_WITHOUT_ACCENT_FORM: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
};

/**
 * Whether two names may belong to one person, for people who already share a phone number.
 * An office, a household or a couple shares one as well, so something must agree in full: a last name beside a
 * compatible first name or initial, or a first name where a last name is missing. A last name alone is a family,
 * not a person, and no name agrees with nothing. Case, accents and punctuation do not matter.
 */
export function namesAreCompatible(a: PersonName, b: PersonName): boolean {
  const first = compareFirstNames(fold(a.firstName), fold(b.firstName));
  const last = compareLastNames(fold(a.lastName), fold(b.lastName));
  if (first === 'conflict' || first === 'missing' || last === 'conflict') return false;
  return first === 'full' || last === 'full';
}

/** Whether two names are the same but for case, accents and punctuation. */
export function namesAreEqual(a: PersonName, b: PersonName): boolean {
  const isSame = (x: string | null, y: string | null): boolean => fold(x).join(' ') === fold(y).join(' ');
  return isSame(a.firstName, b.firstName) && isSame(a.lastName, b.lastName);
}

/** Words in lower case without accents; apostrophes join ("O'Brien"), other punctuation separates. */
function fold(name: string | null): string[] {
  return (name ?? '')
    .normalize('NFKD')
    .replace(/[\u0300-\u036f'\u2018\u2019`]/g, '')
    .toLowerCase()
    .replace(/[ßæœøłđðþı]/g, (letter) => LETTERS_WITHOUT_ACCENT_FORM[letter] ?? letter)
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter((word) => word !== '');
}

function compareFirstNames(a: readonly string[], b: readonly string[]): Agreement {
  const [first, other] = [a[0], b[0]];
  if (first === undefined || other === undefined) return 'missing';
  // "Mary Ann", "Mary-Ann" and "Maryann" are one name.
  if (a.join('') === b.join('') && !isInitial(a.join(''))) return 'full';
  if (a.slice(1).some((word, index) => compareWords(word, b[index + 1]) === 'conflict')) return 'conflict';
  return compareWords(first, other);
}

function compareWords(a: string, b: string | undefined): Agreement {
  if (b === undefined) return 'missing';
  if (isInitial(a) || isInitial(b)) return a[0] === b[0] ? 'initial' : 'conflict';
  if (a === b || isShortFor(a, b) || isShortFor(b, a)) return 'full';
  return NICKNAMES.some((row) => row.has(a) && row.has(b)) ? 'full' : 'conflict';
}

/** Three or four letters that begin a name at least two longer: Jon, not Paul for Paula or Daniel for Danielle. */
function isShortFor(short: string, long: string): boolean {
  return short.length >= 3 && short.length <= 4 && long.length >= short.length + 2 && long.startsWith(short);
}

function compareLastNames(a: readonly string[], b: readonly string[]): Agreement {
  const [generation, otherGeneration] = [generationOf(a), generationOf(b)];
  const [words, otherWords] = [familyWords(a), familyWords(b)];
  if (generation && otherGeneration && generation !== otherGeneration) return 'conflict';
  if (words.length === 0 || otherWords.length === 0) return 'missing';
  if (words.join('') === otherWords.join('')) return isInitial(words.join('')) ? 'initial' : 'full';
  const initial = [words, otherWords].find((side) => side.length === 1 && isInitial(side.join('')))?.[0];
  if (initial !== undefined) {
    const full = words[0] === initial && words.length === 1 ? otherWords : words;
    return full.some((word) => word.startsWith(initial)) ? 'initial' : 'conflict';
  }
  const [fewer, more] = words.length <= otherWords.length ? [words, otherWords] : [otherWords, words];
  // "García" is "García López", and "van Dyke" is "Dyke".
  return fewer.every((word) => more.includes(word)) ? 'full' : 'conflict';
}

/** Father and son share a phone and a name; this is all that tells them apart. */
function generationOf(words: readonly string[]): string | undefined {
  return words.length > 1 ? words.findLast((word) => GENERATIONS.has(word)) : undefined;
}

function familyWords(words: readonly string[]): readonly string[] {
  return words.length > 1 ? words.filter((word) => !GENERATIONS.has(word)) : words;
}

/** One letter of an alphabet; in Chinese, Japanese and Korean one character is a whole name. */
function isInitial(word: string): boolean {
  return (
    /^\p{L}$/u.test(word) && !/[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}]/u.test(word)
  );
}
