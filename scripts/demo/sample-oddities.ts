import type { Door, SampleBook } from './sample-lead.ts';

const by = (account: 'master' | 'west' | 'central'): Door => ({ by: 'webhook', account });

/** Leads whose postcode does not help, and leads whose nearest location is not for them. */
export function addOddLeads(book: SampleBook): void {
  // What came in by the master's account stays with its desk (8 here, the 9th is in the capacity cases) …
  for (const postcode of ['ABCDE', '12', 'N/A', '', '']) {
    const reason = postcode === '' ? 'postcode-missing' : 'postcode-malformed';
    const expected = { end: 'assigned', location: 'master', rep: 'master-nora', reason } as const;
    book.add(null, { kind: 'bad-postcode', postcode, expected });
  }
  for (const postcode of ['00000', '99999', 'H0H 0H0']) {
    const expected = { end: 'assigned', location: 'master', rep: 'master-nora', reason: 'postcode-unknown' } as const;
    book.add(null, { kind: 'unknown-postcode', postcode, expected });
  }
  // … and what came in by a region's account stays in the region.
  for (const postcode of ['9021O', 'Z1A 1A1']) {
    const expected = { end: 'assigned', location: 'west', reason: 'postcode-malformed' } as const;
    book.add(null, { kind: 'bad-postcode', door: by('west'), postcode, expected });
  }
  const expected = {
    end: 'assigned',
    location: 'central',
    rep: 'central-quentin',
    reason: 'postcode-unknown',
  } as const;
  book.add(null, { kind: 'unknown-postcode', door: by('central'), postcode: '96200', expected });

  for (let index = 0; index < 3; index += 1) {
    // Fort Worth does solar only; Dallas, 50 km on, does roofs as well.
    book.add('fort-worth', {
      kind: 'wrong-vertical',
      vertical: 'roofing',
      expected: { end: 'assigned', location: 'dallas', reason: 'nearest-location' },
    });
    // Nobody near Saint Louis builds pools; the nearest who do all work, in Chicago, are of Region Central.
    book.add('saint-louis', {
      kind: 'wrong-vertical',
      vertical: 'pools',
      expected: { end: 'assigned', location: 'central', rep: 'central-quentin', reason: 'none-in-radius' },
    });
  }
  for (let index = 0; index < 4; index += 1) {
    book.add('tacoma', {
      kind: 'not-live',
      expected: { end: 'assigned', location: 'seattle', reason: 'nearest-location' },
    });
    book.add('boulder', {
      kind: 'not-installed',
      expected: { end: 'assigned', location: 'denver', reason: 'nearest-location' },
    });
  }
  book.add('denver', {
    kind: 'unknown-location',
    door: { by: 'stranger', company: 'same' },
    expected: { end: 'no-lead' },
  });
  for (const town of ['miami', 'toronto'] as const) {
    book.add(town, {
      kind: 'unknown-location',
      door: { by: 'stranger', company: 'other' },
      expected: { end: 'no-lead' },
    });
  }
}
