import type { Door, SampleBook } from './sample-lead.ts';
import type { TownKey } from './towns.ts';

/** So many people of each town ask, and the location of their town takes them. */
const ORDINARY: [town: TownKey, count: number, vertical?: string][] = [
  ['seattle', 5],
  ['vancouver', 4],
  ['san-francisco', 6],
  ['oakland', 3],
  ['los-angeles', 8],
  ['san-diego', 1],
  ['phoenix', 6],
  ['denver', 5],
  ['dallas', 4, 'roofing'],
  ['fort-worth', 3, 'solar'],
  ['austin', 4],
  ['chicago', 7],
  ['evanston', 2],
  ['minneapolis', 4],
  ['saint-louis', 4, 'roofing'],
  ['new-york', 9],
  ['boston', 4],
  ['philadelphia', 5],
  ['atlanta', 7],
  ['miami', 7],
  ['toronto', 6],
];

const ACCOUNTS = ['master', 'master', 'west', 'central', 'east'] as const;

/** The bulk of the day: the location of the person's own town is the nearest and takes the lead. */
export function addOrdinaryLeads(book: SampleBook): void {
  for (const [town, count, vertical] of ORDINARY) {
    for (let index = 0; index < count; index += 1) {
      // The account a lead comes in by has no say in where it goes.
      const door: Door = { by: 'webhook', account: ACCOUNTS[index % ACCOUNTS.length]! };
      const expected = { end: 'assigned', location: town, reason: 'nearest-location' } as const;
      book.add(town, { kind: 'ordinary', door, expected, ...(vertical === undefined ? {} : { vertical }) });
    }
  }
}
