import type { Act, Expected, SampleBook } from './sample-lead.ts';
import type { TownKey } from './towns.ts';

const assigned = (location: string, reason = 'nearest-location', rep?: string): Expected => ({
  end: 'assigned',
  location,
  reason,
  ...(rep === undefined ? {} : { rep }),
});

/** Leads that come by other doors than the signed webhook, and those an operator has something to do with. */
export function addDoorLeads(book: SampleBook): void {
  // GHL's workflow action posts contacts of the Phoenix account, with Phoenix's own secret.
  const door = { by: 'workflow', account: 'phoenix' } as const;
  for (const town of ['phoenix', 'phoenix', 'phoenix'] as const) {
    book.add(town, { kind: 'workflow', door, expected: assigned(town) });
  }
  book.add('philadelphia', { kind: 'workflow', door, expected: assigned('philadelphia') });
  book.add(null, { kind: 'workflow', door, postcode: '', expected: assigned('phoenix', 'intake-location') });

  const towns: TownKey[] = ['atlanta', 'atlanta', 'philadelphia', 'dallas', 'miami'];
  for (const town of towns) book.add(town, { kind: 'api', door: { by: 'api' }, expected: assigned(town) });
  // Lives in Boston and asks for Atlanta.
  book.add('boston', {
    kind: 'api',
    door: { by: 'api', requestedLocation: 'atlanta' },
    expected: assigned('atlanta', 'requested-location'),
  });

  // Handed to somebody in another location, and to somebody in the same.
  book.add('philadelphia', {
    kind: 'signal',
    expected: assigned('new-york', 'reassign', 'new-york-dora'),
    then: { act: 'signal', rep: 'new-york-dora' },
  });
  book.add('atlanta', {
    kind: 'signal',
    expected: assigned('atlanta', 'reassign', 'atlanta-ruth'),
    then: { act: 'signal', rep: 'atlanta-ruth' },
  });

  const refusal = (rep: string, code: string): Act => ({ act: 'refused-reassign', rep, code });
  book.add('miami', {
    kind: 'refused',
    expected: assigned('miami'),
    then: refusal('miami-vita', 'rep-not-active'),
  });
  book.add('miami', {
    kind: 'refused',
    expected: assigned('miami'),
    then: refusal('tacoma-eve', 'location-not-live'),
  });
}
