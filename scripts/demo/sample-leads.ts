import { addCapacityLeads } from './sample-capacity.ts';
import { addDoorLeads } from './sample-doors.ts';
import { createSampleBook, type SampleLead } from './sample-lead.ts';
import { addOddLeads } from './sample-oddities.ts';
import { addOrdinaryLeads } from './sample-ordinary.ts';
import { addPeopleLeads } from './sample-people.ts';

/** A day's worth of leads of the sample agency, 200 of them, each with its right answer. Always the same. */
export function listSampleLeads(): SampleLead[] {
  const book = createSampleBook();
  addOrdinaryLeads(book);
  addCapacityLeads(book);
  addOddLeads(book);
  addPeopleLeads(book);
  addDoorLeads(book);
  return book.leads;
}

/**
 * How many of the sample's leads each rep of a location has at the end, where the weights divide them without rest
 * (Seattle has 9 leads and weights 2 and 1). Leads moved by hand do not count.
 */
export const EXACT_SHARES: Record<string, Record<string, number>> = {
  seattle: { 'seattle-ada': 6, 'seattle-bo': 3 },
  vancouver: { 'vancouver-finn': 2, 'vancouver-gita': 2 },
  'san-francisco': { 'san-francisco-ines': 3, 'san-francisco-jo': 3, 'san-francisco-kai': 3 },
  'los-angeles': { 'los-angeles-paz': 6, 'los-angeles-ray': 2 },
  'san-diego': { 'san-diego-uma': 1 },
  denver: { 'denver-ben': 6, 'denver-cara': 3 },
  austin: { 'austin-mia': 3, 'austin-ned': 3 },
  chicago: { 'chicago-pete': 4, 'chicago-queenie': 4, 'chicago-ross': 2 },
  evanston: { 'evanston-theo': 2 },
  minneapolis: { 'minneapolis-vera': 2, 'minneapolis-walt': 2 },
  'new-york': { 'new-york-abel': 6, 'new-york-beth': 4, 'new-york-carl': 2 },
  boston: { 'boston-hope': 3, 'boston-ian': 3 },
  toronto: { 'toronto-wade': 4, 'toronto-xia': 2 },
};
