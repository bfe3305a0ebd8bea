import { describe, expect, it } from 'vitest';
import type { LocationPlan } from '../../scripts/demo/agency-plan.ts';
import { sampleAgency } from '../../scripts/demo/sample-agency.ts';
import type { SampleLead } from '../../scripts/demo/sample-lead.ts';
import { EXACT_SHARES, listSampleLeads } from '../../scripts/demo/sample-leads.ts';
import { TOWNS, type TownKey } from '../../scripts/demo/towns.ts';
import { normaliseEmail } from '../../domain/email.ts';
import { normalisePhone } from '../../domain/phone.ts';
import { locatePostcode, normalisePostcode } from '../../domain/postcode.ts';
import { kmBetween, kmFrom } from './demo-places.ts';

const plan = sampleAgency('test');
const leads = listSampleLeads();
const places = new Map(plan.locations.map((location) => [location.key, location]));
const reps = plan.locations.flatMap((location) => location.reps);
const isTown = (key: string): key is TownKey => key in TOWNS;

const goingTo = (location: string, end: 'assigned' | 'queued'): SampleLead[] =>
  leads.filter(({ expected }) => expected.end === end && expected.location === location);

describe('the sample agency', () => {
  it('has a master, three regions, 25 locations and about 80 reps, each once', () => {
    const count = (kind: LocationPlan['kind']): number => plan.locations.filter((each) => each.kind === kind).length;
    expect([count('master'), count('region'), count('location')]).toEqual([1, 3, 25]);
    expect(reps.length).toBeGreaterThanOrEqual(75);
    expect(reps.length).toBeLessThanOrEqual(85);
    expect(new Set(reps.map(({ key }) => key)).size).toBe(reps.length);
    expect(places.size).toBe(29);
  });

  it('puts every location under a region and every region under the master', () => {
    for (const { kind, parentKey } of plan.locations) {
      const parent = parentKey === null ? undefined : places.get(parentKey);
      expect(parent?.kind).toBe({ master: undefined, region: 'master', location: 'region' }[kind]);
    }
  });

  it('names towns whose postcodes lie within 25 km of them', () => {
    for (const [town, { postcodes }] of Object.entries(TOWNS)) {
      for (const raw of postcodes) {
        const { postcode, country, reason } = normalisePostcode(raw);
        expect([raw, reason]).toEqual([raw, 'ok']);
        const point = locatePostcode(postcode!, country!)!;
        expect(kmFrom(town as TownKey, [point.latitude, point.longitude])).toBeLessThan(25);
      }
    }
  });
});

describe('the sample leads', () => {
  it('are 200, with keys of their own', () => {
    expect(leads).toHaveLength(200);
    expect(new Set(leads.map(({ key }) => key)).size).toBe(200);
  });

  it('name only locations, reps, accounts and twins that exist', () => {
    const repKeys = new Set(reps.map(({ key }) => key));
    const leadKeys = new Set(leads.map(({ key }) => key));
    for (const { key, door, expected, then } of leads) {
      const named = [
        'location' in expected ? expected.location : undefined,
        'account' in door ? door.account : undefined,
        'requestedLocation' in door ? door.requestedLocation : undefined,
      ].filter((name) => name !== undefined);
      expect([key, named.filter((name) => !places.has(name))]).toEqual([key, []]);
      const people = [...('rep' in expected && expected.rep ? [expected.rep] : []), ...(then ? [then.rep] : [])];
      expect([key, people.filter((name) => !repKeys.has(name))]).toEqual([key, []]);
      if (expected.end === 'one-of-two') expect(leadKeys).toContain(expected.twin);
    }
  });

  it('give every pair of leads from two sources each other as twin, and one location', () => {
    const pairs = leads.filter(({ expected }) => expected.end === 'one-of-two');
    expect(pairs).toHaveLength(16);
    for (const { key, expected, door } of pairs) {
      if (expected.end !== 'one-of-two') continue;
      const twin = leads.find((lead) => lead.key === expected.twin)!;
      expect(twin.expected).toEqual({ ...expected, twin: key });
      expect([door.by, twin.door.by].sort()).toEqual(['api', 'webhook']);
    }
  });

  it('carry phones and e-mails that can be used, on names and numbers reserved for fiction', () => {
    for (const { person, town } of leads) {
      if (person.phone !== undefined) {
        expect(normalisePhone(person.phone, 'US').phone).toMatch(/^\+1\d{3}55501\d\d$/);
      }
      if (person.email !== undefined) {
        expect(normaliseEmail(person.email).email).toMatch(/\.example$/);
      }
      expect(town === null || isTown(town)).toBe(true);
    }
  });

  it('are of different people, but for those meant to be the same', () => {
    const emails = leads.flatMap(({ kind, person }) => (kind === 'two-sources' ? [] : (person.email ?? [])));
    expect(new Set(emails).size).toBe(emails.length);
    const phones = leads.flatMap(({ kind, person }) =>
      ['two-sources', 'office-phone'].includes(kind) ? [] : (person.phone ?? []),
    );
    expect(new Set(phones).size).toBe(phones.length);
  });

  it('have postcodes that are as bad as their answer says', () => {
    const wanted = { 'postcode-missing': 'missing', 'postcode-malformed': 'malformed', 'postcode-unknown': 'unknown' };
    const bad = leads.filter(({ kind }) => kind === 'bad-postcode' || kind === 'unknown-postcode');
    expect(bad).toHaveLength(11);
    for (const { postcode, expected } of bad) {
      const reason = 'reason' in expected ? expected.reason : '';
      expect([postcode, normalisePostcode(postcode).reason]).toEqual([postcode, wanted[reason as keyof typeof wanted]]);
    }
    for (const { town, postcode } of leads) if (town !== null) expect(TOWNS[town].postcodes).toContain(postcode);
  });
});

describe('the right answers of the sample', () => {
  const serves = ({ verticals = [] }: LocationPlan, vertical: string | undefined): boolean =>
    vertical === undefined || verticals.length === 0 || verticals.includes(vertical);
  /** The locations that suit a lead by kind, nearest first. */
  const byDistance = (lead: SampleLead, town: TownKey, all: boolean): { place: LocationPlan; km: number }[] =>
    plan.locations
      .filter((place) => place.kind === 'location' && serves(place, lead.vertical))
      .filter((place) => all || (place.live !== false && place.installed !== false))
      .map((place) => ({ place, km: kmBetween(town, place.key as TownKey) }))
      .sort((a, b) => a.km - b.km);

  it('agree with distances worked out apart from the routing', () => {
    const checked = new Set<string>();
    for (const lead of leads) {
      const { town, expected } = lead;
      if (town === null || !('reason' in expected)) continue;
      const [first, second] = byDistance(lead, town, false);
      const radiusKm = (place: LocationPlan): number => place.radiusKm ?? 80;
      const inReach = byDistance(lead, town, false).filter(({ place, km }) => km < radiusKm(place) + 10);
      const region = byDistance(lead, town, true)[0]!.place.parentKey;
      switch (expected.reason) {
        case 'nearest-location':
          expect([lead.key, first!.place.key]).toEqual([lead.key, expected.location]);
          expect(first!.km).toBeLessThan(radiusKm(first!.place) - 10);
          expect(second!.km - first!.km).toBeGreaterThan(10);
          break;
        case 'nearest-full':
        case 'nearest-no-free-rep':
        case 'nearest-daily-cap':
        case 'nearest-no-rep':
          expect([lead.key, second!.place.key]).toEqual([lead.key, expected.location]);
          expect(second!.km).toBeLessThan(radiusKm(second!.place) - 10);
          break;
        case 'none-available':
          expect(inReach.map(({ place }) => place.key)).toEqual([town]);
          expect(expected.location).toBe(region);
          break;
        case 'none-in-radius':
          expect([lead.key, inReach]).toEqual([lead.key, []]);
          // The region of the nearest, or the master above it when the region is full.
          expect([region, 'master']).toContain(expected.location);
          if (expected.location === 'master') expect(region).toBe('east');
          break;
        default:
          continue;
      }
      checked.add(expected.reason);
    }
    expect([...checked].sort()).toEqual([
      'nearest-daily-cap',
      'nearest-full',
      'nearest-location',
      'nearest-no-free-rep',
      'nearest-no-rep',
      'none-available',
      'none-in-radius',
    ]);
  });

  it('fill the capacity of the first wave to the last place before the others come', () => {
    const before = (location: string, wave: number): number =>
      goingTo(location, 'assigned').filter((lead) => lead.wave < wave).length;
    expect(before('oakland', 2)).toBe(places.get('oakland')!.maxOpenLeads);
    for (const [location, wave] of [
      ['evanston', 2],
      ['san-diego', 2],
      ['east', 2],
      ['master', 3],
    ] as const) {
      const free = places.get(location)!.reps.filter(({ status }) => status !== 'suspended');
      expect([location, before(location, wave)]).toEqual([location, free[0]!.maxOpenLeads]);
      expect(free).toHaveLength(1);
      expect(goingTo(location, 'assigned').filter((lead) => lead.wave >= wave)).toEqual([]);
    }
    expect(places.get('newark')!.dailyCap).toBe(0);
    expect(places.get('round-rock')!.reps).toEqual([]);
  });

  it('share the leads of a location among its reps as their weights say', () => {
    for (const [location, shares] of Object.entries(EXACT_SHARES)) {
      const total = goingTo(location, 'assigned').filter(({ kind }) => kind !== 'signal').length;
      const weights = places
        .get(location)!
        .reps.filter(({ status, weight, dailyCap, maxOpenLeads }) =>
          [status === 'suspended', weight === 0, dailyCap === 0, maxOpenLeads === 0].every((stops) => !stops),
        )
        .map(({ key, weight = 1 }) => ({ key, weight }));
      const sum = weights.reduce((all, { weight }) => all + weight, 0);
      expect(shares).toEqual(Object.fromEntries(weights.map(({ key, weight }) => [key, (total * weight) / sum])));
    }
  });
});
