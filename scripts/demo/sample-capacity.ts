import type { Expected, SampleBook, SampleLead } from './sample-lead.ts';
import type { TownKey } from './towns.ts';

const assigned = (location: string, reason: string, rep?: string): Expected => ({
  end: 'assigned',
  location,
  reason,
  ...(rep === undefined ? {} : { rep }),
});

/** Leads for whom the nearest location has no capacity, and those for whom nobody has. */
export function addCapacityLeads(book: SampleBook): void {
  const repeat = (count: number, town: TownKey, lead: Pick<SampleLead, 'kind' | 'expected'> & Partial<SampleLead>) => {
    for (let index = 0; index < count; index += 1) book.add(town, lead);
  };

  // Oakland holds 3 open leads and the only rep of Evanston 2: the ordinary leads of the first wave fill them.
  repeat(3, 'oakland', { kind: 'next-nearest', wave: 2, expected: assigned('san-francisco', 'nearest-full') });
  repeat(3, 'evanston', { kind: 'next-nearest', wave: 2, expected: assigned('chicago', 'nearest-no-free-rep') });
  // Newark takes no lead a day; Round Rock has no rep.
  repeat(3, 'newark', { kind: 'next-nearest', expected: assigned('new-york', 'nearest-daily-cap') });
  repeat(2, 'round-rock', { kind: 'next-nearest', expected: assigned('austin', 'nearest-no-rep') });

  // The only active rep of San Diego has her one lead, and nobody else is within 80 km.
  repeat(3, 'san-diego', { kind: 'region-no-room', wave: 2, expected: assigned('west', 'none-available') });

  for (const town of ['boise', 'boise', 'anchorage', 'honolulu', 'el-paso'] as const) {
    book.add(town, { kind: 'region-out-of-reach', expected: assigned('west', 'none-in-radius') });
  }
  for (const town of ['billings', 'billings', 'winnipeg', 'omaha'] as const) {
    book.add(town, {
      kind: 'region-out-of-reach',
      expected: assigned('central', 'none-in-radius', 'central-quentin'),
    });
  }
  // The two that the desk of Region East may hold; then the last of the nine for the desk of the head office; then nobody.
  for (const town of ['halifax', 'key-west'] as const) {
    book.add(town, { kind: 'region-out-of-reach', expected: assigned('east', 'none-in-radius', 'east-rosa') });
  }
  const expected = assigned('master', 'none-in-radius', 'master-nora');
  book.add('halifax', { kind: 'master-desk', wave: 2, expected });
  for (const town of ['bangor', 'halifax', 'key-west', 'key-west'] as const) {
    const queued: Expected = { end: 'queued', location: 'master', reason: 'none-in-radius' };
    book.add(town, { kind: 'master-queue', wave: 3, expected: queued });
  }
}
