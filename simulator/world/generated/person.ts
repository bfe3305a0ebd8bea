import type { Contact } from '../records.ts';

const firstNames = ['Ada', 'Ben', 'Cleo', 'Dan', 'Eve', 'Finn', 'Gina', 'Hugo', 'Iris', 'Jack', 'Kira', 'Liam', 'Mona'];
const lastNames = [
  'Abbott',
  'Baker',
  'Castro',
  'Dunn',
  'Ellis',
  'Foster',
  'Grant',
  'Hayes',
  'Ingram',
  'Jones',
  'Kelly',
];
const sources = ['website', 'referral', 'import', 'facebook'];
const towns = [
  { city: 'San Francisco', state: 'CA', postalCode: '94103' },
  { city: 'Boston', state: 'MA', postalCode: '02108' },
  { city: 'Austin', state: 'TX', postalCode: '78701' },
];
/** The first number of an exchange that telephone companies give out. */
const firstNumber = 2_000_000;
const areaCode = '+1415';
const domain = 'example.com';

/** The tags that generated contacts have, a few each. */
export const personTags = ['customer', 'newsletter', 'vip'];

/** Makes up a person; the same key and index give the same one. E-mail and phone tell the index. */
export function composePerson(
  key: string,
  index: number,
): Omit<Contact, 'id' | 'locationId' | 'dateAdded' | 'dateUpdated'> & { email: string; phone: string } {
  const draw = mix(key, index);
  const firstName = pick(firstNames, draw);
  const lastName = pick(lastNames, draw >>> 8);
  const wantsNoTexts = (draw >>> 4) % 50 === 0;
  return {
    firstName,
    lastName,
    email: `${firstName}.${lastName}.${index}@${domain}`.toLowerCase(),
    phone: `${areaCode}${firstNumber + index}`,
    ...pick(towns, draw >>> 12),
    country: 'US',
    source: pick(sources, draw >>> 16),
    type: 'lead',
    dnd: false,
    dndSettings: wantsNoTexts ? { SMS: { status: 'active', message: 'Contact unsubscribed', code: '103' } } : {},
    tags: personTags.filter((_tag, position) => (draw >>> (20 + position)) % 2 === 1),
    customFields: [],
  };
}

/** Returns the index that an address of a generated person would have. */
export function indexInAddress(field: 'email' | 'phone', value: string): number | undefined {
  if (field === 'email') {
    const written = /\.(\d{1,9})@[^@]*$/.exec(value)?.[1];
    return written === undefined ? undefined : Number(written);
  }
  const index = value.startsWith(areaCode) ? Number(value.slice(areaCode.length)) - firstNumber : NaN;
  return index >= 0 ? index : undefined;
}

function pick<T>(from: readonly [T, ...T[]] | T[], draw: number): T {
  return from[draw % from.length] as T;
}

/** Scatters a number over 32 bits, differently for each key (the finisher of MurmurHash3). */
function mix(key: string, index: number): number {
  let bits = index + 1;
  for (const letter of key) bits = Math.imul(bits ^ letter.charCodeAt(0), 0x01000193);
  bits ^= bits >>> 16;
  bits = Math.imul(bits, 0x85ebca6b);
  bits ^= bits >>> 13;
  bits = Math.imul(bits, 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
