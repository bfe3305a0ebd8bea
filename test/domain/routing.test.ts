import { describe, expect, it } from 'vitest';
import { ROUTING_RULE_VERSION, RoutingConfigurationError, chooseRoute } from '../../domain/routing.ts';
import type { RoutingInput } from '../../domain/routing-input.ts';
import {
  agency,
  lead,
  location,
  locationAt,
  reasons,
  rep,
  repReasons,
  withLocations,
  withReps,
} from './routing-fixtures.ts';

const FULL = { openLeads: 5, maxOpenLeads: 5 };
const CAPPED = { leadsToday: 3, dailyCap: 3 };

const noLocation = (input: RoutingInput): RoutingInput => withLocations(input, { near: FULL, middle: FULL, far: FULL });

describe('chooseRoute, among locations', () => {
  it('gives the lead to the nearest, with its rep, the new pass and the rule it followed', () => {
    const decision = chooseRoute(agency());
    expect(decision).toMatchObject({
      locationId: 'near',
      repId: 'near-rep',
      outcome: 'assigned',
      step: 'nearest',
      reason: 'nearest-location',
      ruleVersion: ROUTING_RULE_VERSION,
    });
    expect(decision.rotationPass).toBeGreaterThan(0);
    expect(reasons(decision)).toEqual({
      near: 'chosen',
      middle: 'farther',
      far: 'farther',
      region: 'not-needed',
      master: 'not-needed',
    });
  });

  it('lists candidates nearest first with their distance', () => {
    const rows = chooseRoute(agency()).candidates;
    expect(rows.map(({ locationId, kind }) => `${kind} ${locationId}`)).toEqual([
      'location near',
      'rep near',
      'location middle',
      'location far',
      'master master',
      'region region',
    ]);
    expect(rows[0]?.distanceKm).toBeCloseTo(10, 1);
    expect(rows[4]?.distanceKm).toBeNull();
  });

  it.each([
    [FULL, 'location-full', 'nearest-full'],
    [CAPPED, 'location-daily-cap', 'nearest-daily-cap'],
  ])('goes to the next nearest when the nearest carries %o', (load, candidateReason, reason) => {
    const decision = chooseRoute(withLocations(agency(), { near: load }));
    expect(decision).toMatchObject({ locationId: 'middle', step: 'next-nearest', reason });
    expect(reasons(decision)).toMatchObject({ near: candidateReason, middle: 'chosen', far: 'farther' });
  });

  it('goes to the next nearest when handing over to the nearest failed before', () => {
    const decision = chooseRoute(agency({ lead: lead({ excludedLocationIds: ['near'] }) }));
    expect(decision).toMatchObject({ locationId: 'middle', step: 'next-nearest', reason: 'nearest-excluded' });
    expect(reasons(decision)['near']).toBe('excluded');
  });

  it.each([
    [{ isLive: false }, 'not-live'],
    [{ isInstalled: false }, 'not-installed'],
    [{ verticals: ['gutters'] }, 'wrong-vertical'],
    [{ radiusKm: 5 }, 'outside-radius'],
    [{ latitude: null }, 'distance-unknown'],
  ])('never counts a location with %o as the nearest', (change, candidateReason) => {
    const decision = chooseRoute(withLocations(agency({ lead: lead({ vertical: 'roofing' }) }), { near: change }));
    expect(decision).toMatchObject({ locationId: 'middle', step: 'nearest', reason: 'nearest-location' });
    expect(reasons(decision)['near']).toBe(candidateReason);
  });

  it('takes a location whose own radius is wider than the usual one', () => {
    const input = agency({ lead: lead({ point: { latitude: -0.5, longitude: 0 } }), defaultRadiusKm: 1 });
    expect(chooseRoute(withLocations(input, { far: { radiusKm: 90 } }))).toMatchObject({ locationId: 'far' });
  });

  it('matches the line of business', () => {
    const input = agency({ lead: lead({ vertical: 'roofing' }) });
    const split = withLocations(input, { near: { verticals: ['gutters'] }, middle: { verticals: ['roofing'] } });
    expect(chooseRoute(split)).toMatchObject({ locationId: 'middle' });
    expect(chooseRoute({ ...split, lead: lead() })).toMatchObject({ locationId: 'near' });
  });
});

describe('chooseRoute, among reps', () => {
  it.each([
    [{ status: 'suspended' }, 'rep-suspended', 'no-free-rep', 'nearest-no-free-rep'],
    [{ status: 'removed' }, undefined, 'no-rep', 'nearest-no-rep'],
    [{ weight: 0 }, 'rep-without-weight', 'no-free-rep', 'nearest-no-free-rep'],
    [FULL, 'rep-full', 'no-free-rep', 'nearest-no-free-rep'],
    [CAPPED, 'rep-daily-cap', 'no-free-rep', 'nearest-no-free-rep'],
  ] as const)('passes over a location whose only rep is %o', (change, repReason, candidateReason, reason) => {
    const decision = chooseRoute(withReps(agency(), { 'near-rep': change }));
    expect(decision).toMatchObject({ locationId: 'middle', step: 'next-nearest', reason });
    expect(reasons(decision)['near']).toBe(candidateReason);
    expect(repReasons(decision)['near-rep']).toBe(repReason);
  });

  it('passes over a rep who had the lead before', () => {
    const decision = chooseRoute(agency({ lead: lead({ excludedRepIds: ['near-rep'] }) }));
    expect(decision.locationId).toBe('middle');
    expect(repReasons(decision)['near-rep']).toBe('excluded');
  });

  it('takes turns within a location and says why the others were not chosen', () => {
    const others = [
      rep('near', { id: 'a', rotationPass: 500 }),
      rep('near', { id: 'b', rotationPass: 400 }),
      rep('near', { id: 'c', ...FULL }),
      rep('near', { id: 'd', status: 'removed' }),
    ];
    const decision = chooseRoute({ ...agency(), reps: others });
    expect(decision.repId).toBe('b');
    expect(repReasons(decision)).toEqual({ a: 'not-this-turn', b: 'chosen', c: 'rep-full', d: 'rep-removed' });
  });
});

describe('chooseRoute, requested and intake locations', () => {
  it('tries a requested location first, in reach or not', () => {
    const input = withLocations(agency({ lead: lead({ requestedLocationId: 'far' }) }), { far: { radiusKm: 1 } });
    const decision = chooseRoute(input);
    expect(decision).toMatchObject({ locationId: 'far', step: 'nearest', reason: 'requested-location' });
    expect(reasons(decision)).toMatchObject({ far: 'chosen', near: 'not-requested' });
  });

  it('ignores a requested location that cannot take the lead, and says so', () => {
    const input = withLocations(agency({ lead: lead({ requestedLocationId: 'far' }) }), { far: { isLive: false } });
    const decision = chooseRoute(input);
    expect(decision).toMatchObject({ locationId: 'near', reason: 'nearest-location' });
    expect(reasons(decision)['far']).toBe('not-live');
  });

  it('ignores a requested location the agency does not have, and says so', () => {
    const decision = chooseRoute(agency({ lead: lead({ requestedLocationId: 'elsewhere' }) }));
    expect(decision.locationId).toBe('near');
    expect(reasons(decision)['elsewhere']).toBe('unknown-location');
  });

  it('takes a requested region or master for what it is', () => {
    const request = (requestedLocationId: string): unknown =>
      chooseRoute(agency({ lead: lead({ requestedLocationId }) }));
    expect(request('region')).toMatchObject({ repId: 'region-rep', step: 'region', reason: 'requested-location' });
    expect(request('master')).toMatchObject({ repId: 'master-rep', step: 'master', reason: 'requested-location' });
  });

  it('keeps a lead without a place in the location where it arrived', () => {
    const decision = chooseRoute(
      agency({ lead: lead({ intakeLocationId: 'far', point: null, postcodeReason: 'missing' }) }),
    );
    expect(decision).toMatchObject({ locationId: 'far', step: 'nearest', reason: 'intake-location' });
  });

  it('weighs the location where a lead arrived by distance like any other', () => {
    expect(chooseRoute(agency({ lead: lead({ intakeLocationId: 'far' }) })).locationId).toBe('near');
  });
});

describe('chooseRoute, regions', () => {
  const twoRegions = (fields: Partial<RoutingInput> = {}): RoutingInput => {
    const base = agency(fields);
    const north = location('north', { kind: 'region', parentId: 'master' });
    const locations = [...base.locations, north].map((each) =>
      each.id === 'near' ? { ...each, parentId: 'north' } : each,
    );
    return { ...base, locations, reps: [...base.reps, rep('north')] };
  };

  it('asks the region of the nearest location when none has room', () => {
    const decision = chooseRoute(noLocation(twoRegions()));
    expect(decision).toMatchObject({
      locationId: 'north',
      repId: 'north-rep',
      step: 'region',
      reason: 'none-available',
    });
    expect(reasons(decision)).toMatchObject({ north: 'chosen', region: 'other-region', master: 'not-needed' });
  });

  it('asks the region of the nearest location when none is in reach', () => {
    const decision = chooseRoute(twoRegions({ defaultRadiusKm: 5 }));
    expect(decision).toMatchObject({ locationId: 'north', step: 'region', reason: 'none-in-radius' });
    expect(reasons(decision)).toMatchObject({ near: 'outside-radius', far: 'outside-radius' });
  });

  it('takes the nearest of the right line of business to tell the region', () => {
    const input = withLocations(noLocation(twoRegions({ lead: lead({ vertical: 'roofing' }) })), {
      near: { verticals: ['gutters'] },
    });
    expect(chooseRoute(input)).toMatchObject({ locationId: 'region', step: 'region' });
  });

  it.each(['missing', 'malformed', 'unknown'] as const)('asks the intake region when the postcode is %s', (reason) => {
    const input = twoRegions({ lead: lead({ intakeLocationId: 'north', point: null, postcodeReason: reason }) });
    const decision = chooseRoute(input);
    expect(decision).toMatchObject({ locationId: 'north', step: 'region', reason: `postcode-${reason}` });
    expect(reasons(decision)['near']).toBe('distance-unknown');
  });

  it('asks the region above a full intake location when there is no place', () => {
    const input = twoRegions({ lead: lead({ intakeLocationId: 'near', point: null, postcodeReason: 'ok' }) });
    const decision = chooseRoute(withLocations(input, { near: FULL }));
    expect(decision).toMatchObject({ locationId: 'north', step: 'region', reason: 'postcode-unknown' });
    expect(reasons(decision)['near']).toBe('location-full');
  });

  it('asks the intake region when no location serves the line of business', () => {
    const wrong = { verticals: ['gutters'] };
    const input = twoRegions({ lead: lead({ intakeLocationId: 'north', vertical: 'roofing' }) });
    const decision = chooseRoute(withLocations(input, { near: wrong, middle: wrong, far: wrong }));
    expect(decision).toMatchObject({ locationId: 'north', step: 'region', reason: 'no-suitable-location' });
  });

  it.each([
    [{ isLive: false }, 'not-live'],
    [{ isInstalled: false }, 'not-installed'],
    [{ verticals: ['gutters'] }, 'wrong-vertical'],
    [FULL, 'location-full'],
    [CAPPED, 'location-daily-cap'],
  ])('asks the master when the region is %o', (change, candidateReason) => {
    const input = withLocations(noLocation(agency({ lead: lead({ vertical: 'roofing' }) })), { region: change });
    const decision = chooseRoute(input);
    expect(decision).toMatchObject({ locationId: 'master', repId: 'master-rep', step: 'master' });
    expect(reasons(decision)).toMatchObject({ region: candidateReason, master: 'chosen' });
  });

  it('asks the master when parents form a circle', () => {
    const circle = { near: { ...FULL, parentId: 'middle' }, middle: { ...FULL, parentId: 'near' }, far: FULL };
    expect(chooseRoute(withLocations(agency(), circle))).toMatchObject({ step: 'master' });
  });
});

describe('chooseRoute, the master', () => {
  it('takes the lead with a free rep, whatever the line of business', () => {
    const input = withReps(noLocation(agency({ lead: lead({ vertical: 'roofing' }) })), { 'region-rep': FULL });
    const decision = chooseRoute(withLocations(input, { master: { verticals: ['gutters'] } }));
    expect(decision).toMatchObject({ locationId: 'master', repId: 'master-rep', step: 'master', outcome: 'assigned' });
    expect(repReasons(decision)['region-rep']).toBe('rep-full');
  });

  it.each([
    [{ isLive: false }, 'not-live'],
    [{ isInstalled: false }, 'not-installed'],
    [FULL, 'location-full'],
  ])('queues the lead without a rep when the master is %o', (change, candidateReason) => {
    const input = withReps(withLocations(noLocation(agency()), { master: change }), { 'region-rep': FULL });
    const decision = chooseRoute(input);
    expect(decision).toMatchObject({
      locationId: 'master',
      repId: null,
      rotationPass: null,
      outcome: 'queued',
      step: 'master-queue',
      reason: 'none-available',
    });
    const row = decision.candidates.find((candidate) => candidate.locationId === 'master');
    expect(row).toMatchObject({ chosen: true, reason: candidateReason });
  });

  it('queues the lead when the agency has a master and nothing else', () => {
    const master = location('master', { kind: 'master', parentId: null });
    const decision = chooseRoute(agency({ locations: [master], reps: [] }));
    expect(decision).toMatchObject({ step: 'master-queue', outcome: 'queued', reason: 'no-suitable-location' });
    expect(reasons(decision)).toEqual({ master: 'no-rep' });
  });

  it('cannot do without', () => {
    const input = agency({ locations: [locationAt('near', 10)] });
    expect(() => chooseRoute(input)).toThrow(RoutingConfigurationError);
    expect(() => chooseRoute(input)).toThrow(expect.objectContaining({ code: 'no-master' }));
  });

  it('keeps a lead without phone and e-mail where it came in, with a rep or in the queue there', () => {
    const atMaster = chooseRoute(agency({ lead: lead({ isReachable: false }) }));
    expect(atMaster).toMatchObject({ locationId: 'master', reason: 'unreachable' });
    const atBranch = chooseRoute(agency({ lead: lead({ isReachable: false, intakeLocationId: 'far' }) }));
    expect(atBranch).toMatchObject({ locationId: 'far', reason: 'unreachable' });
  });
});
