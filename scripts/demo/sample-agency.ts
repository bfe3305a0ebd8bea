import type { AgencyPlan, LocationPlan } from './agency-plan.ts';
import { listSampleReps } from './sample-reps.ts';
import { TOWNS } from './towns.ts';

type Placed = Parameters<typeof listSampleReps>[0];
type Details = Omit<LocationPlan, 'key' | 'kind' | 'parentKey' | 'name' | 'postcode' | 'reps'>;

const region = (key: 'west' | 'central' | 'east', name: string, postcode: string): LocationPlan => ({
  key,
  kind: 'region',
  parentKey: 'master',
  name,
  postcode,
  reps: listSampleReps(key),
});

const location = (
  key: Placed & keyof typeof TOWNS,
  parentKey: string,
  name: string,
  more: Details = {},
): LocationPlan => ({
  key,
  kind: 'location',
  parentKey,
  name,
  postcode: TOWNS[key].postcodes[0],
  reps: listSampleReps(key),
  ...more,
});

/**
 * One agency as a newcomer may have it: a master, three regions, 25 locations. Places that serve a question of their own
 * (no room, not live, …) lie beside one that can help out; all others are farther from each other than a lead travels.
 */
export function sampleAgency(key: string): AgencyPlan {
  return {
    key,
    name: 'Northbridge Home Services',
    locations: [
      {
        key: 'master',
        kind: 'master',
        parentKey: null,
        name: 'Northbridge head office',
        postcode: '60601',
        reps: listSampleReps('master'),
      },
      region('west', 'Region West', '94103'),
      region('central', 'Region Central', '80202'),
      region('east', 'Region East', '10001'),

      location('seattle', 'west', 'Seattle', { pipeline: true }),
      location('tacoma', 'west', 'Tacoma', { live: false }),
      location('vancouver', 'west', 'Vancouver'),
      location('san-francisco', 'west', 'San Francisco', { pipeline: true }),
      location('oakland', 'west', 'Oakland', { maxOpenLeads: 3 }),
      location('los-angeles', 'west', 'Los Angeles', { pipeline: true, maxOpenLeads: 200 }),
      location('san-diego', 'west', 'San Diego'),
      location('phoenix', 'west', 'Phoenix', { pipeline: true, dailyCap: 100 }),

      location('denver', 'central', 'Denver', { pipeline: true, dailyCap: 100 }),
      location('boulder', 'central', 'Boulder', { installed: false }),
      location('dallas', 'central', 'Dallas', { verticals: ['roofing', 'solar'] }),
      location('fort-worth', 'central', 'Fort Worth', { verticals: ['solar'] }),
      location('austin', 'central', 'Austin'),
      location('round-rock', 'central', 'Round Rock'),
      location('chicago', 'central', 'Chicago', { pipeline: true, radiusKm: 60 }),
      location('evanston', 'central', 'Evanston'),
      location('minneapolis', 'central', 'Minneapolis'),
      location('saint-louis', 'central', 'Saint Louis', { verticals: ['roofing', 'solar'] }),

      location('new-york', 'east', 'New York', { pipeline: true }),
      location('newark', 'east', 'Newark', { dailyCap: 0 }),
      location('boston', 'east', 'Boston', { pipeline: true }),
      location('philadelphia', 'east', 'Philadelphia'),
      location('atlanta', 'east', 'Atlanta', { radiusKm: 100 }),
      location('miami', 'east', 'Miami'),
      location('toronto', 'east', 'Toronto', { pipeline: true }),
    ],
  };
}
