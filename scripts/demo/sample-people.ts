import type { Door, Expected, SampleBook, SamplePerson } from './sample-lead.ts';
import type { TownKey } from './towns.ts';

const nearest = (location: string): Expected => ({ end: 'assigned', location, reason: 'nearest-location' });

/** `+13035550101` as people type it. */
const asTyped = (phone: string): string => `(${phone.slice(2, 5)}) ${phone.slice(5, 8)}-${phone.slice(8)}`;

const DOUBLE_TOWNS = [
  'phoenix',
  'phoenix',
  'dallas',
  'dallas',
  'philadelphia',
  'philadelphia',
  'miami',
  'atlanta',
] as const;

/** Leads in which it matters who is who. */
export function addPeopleLeads(book: SampleBook): void {
  for (const [index, town] of DOUBLE_TOWNS.entries()) addDouble(book, town, index % 2 === 0);

  // Colleagues who give the number of their office are two people. The second asks when the first is known.
  for (const [first, second] of [
    ['boston', 'boston'],
    ['philadelphia', 'miami'],
  ] as const) {
    const { phone } = book.makePerson(first);
    book.add(first, { kind: 'office-phone', person: { ...book.makePerson(first), phone }, expected: nearest(first) });
    const stranger = { ...book.makePerson(second), phone };
    // By another account: GHL itself takes a number but once in an account.
    const door: Door = { by: 'webhook', account: 'east' };
    book.add(second, { kind: 'office-phone', wave: 2, door, person: stranger, expected: nearest(second) });
  }

  // Nobody can call these back: they stay with the account they came in by.
  const nameless = (town: TownKey): SamplePerson => {
    const { firstName, lastName } = book.makePerson(town);
    return { firstName, lastName };
  };
  book.add('san-francisco', {
    kind: 'unreachable',
    person: nameless('san-francisco'),
    door: { by: 'webhook', account: 'west' },
    expected: { end: 'assigned', location: 'west', reason: 'unreachable' },
  });
  for (const town of ['chicago', 'new-york'] as const) {
    book.add(town, {
      kind: 'unreachable',
      wave: 3,
      person: nameless(town),
      expected: { end: 'queued', location: 'master', reason: 'unreachable' },
    });
  }
}

/** One person fills in a form in GHL and one on our website at the same moment; known by e-mail or by phone and name. */
function addDouble(book: SampleBook, town: TownKey, byEmail: boolean): void {
  const person = book.makePerson(town);
  const { email, phone, ...name } = person;
  const twinOf = (distance: number): string => `lead-${String(book.leads.length + distance).padStart(3, '0')}`;
  const expected = (twin: string): Expected => ({
    end: 'one-of-two',
    twin,
    location: town,
    reason: 'nearest-location',
  });
  book.add(town, { kind: 'two-sources', person, expected: expected(twinOf(2)) });
  book.add(town, {
    kind: 'two-sources',
    door: { by: 'api' },
    person: byEmail ? { ...name, email: email.toUpperCase() } : { ...name, phone: asTyped(phone) },
    expected: expected(twinOf(0)),
  });
}
