import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseRoute } from '../../domain/routing.ts';
import type { RoutingInput } from '../../domain/routing-input.ts';
import { agency, lead, location, locationAt, locationRows, rep } from './routing-fixtures.ts';

const load = fc.record({
  openLeads: fc.nat(3),
  maxOpenLeads: fc.option(fc.nat(4)),
  leadsToday: fc.nat(3),
  dailyCap: fc.option(fc.nat(4)),
});
const state = fc.record({
  verticals: fc.constantFrom([], [], ['roofing'], ['gutters']),
  radiusKm: fc.option(fc.integer({ min: 0, max: 100 })),
  isLive: fc.integer({ min: 0, max: 5 }).map((die) => die > 0),
  isInstalled: fc.integer({ min: 0, max: 5 }).map((die) => die > 0),
});
const leaf = fc.tuple(fc.integer({ min: 0, max: 100 }), state, load, fc.constantFrom('region-0', 'region-1', 'master'));
const staff = fc.record({
  at: fc.nat(20),
  status: fc.constantFrom('active', 'active', 'active', 'suspended', 'removed'),
  weight: fc.nat(3),
  rotationPass: fc.nat(1_000_000_000),
  load,
});

/** Any agency: up to eight locations, two regions and a master, with up to twenty reps among them. */
const anyInput: fc.Arbitrary<RoutingInput> = fc
  .record({
    leaves: fc.array(leaf, { maxLength: 8 }),
    upper: fc.tuple(fc.tuple(state, load), fc.tuple(state, load), fc.tuple(state, load)),
    staff: fc.array(staff, { maxLength: 20 }),
    hasPoint: fc.boolean(),
    vertical: fc.option(fc.constantFrom('roofing', 'gutters')),
    intake: fc.nat(10),
    requested: fc.option(fc.nat(12)),
    excludedLocations: fc.array(fc.nat(10), { maxLength: 2 }),
    excludedReps: fc.array(fc.nat(19), { maxLength: 3 }),
  })
  .map((seed) => {
    const [first, second, top] = seed.upper.map(([fields, carried]) => ({ ...fields, ...carried }));
    const locations = [
      location('master', { kind: 'master', parentId: null, ...top }),
      location('region-0', { kind: 'region', parentId: 'master', ...first }),
      location('region-1', { kind: 'region', parentId: 'master', ...second }),
      ...seed.leaves.map(([km, fields, carried, parentId], index) =>
        locationAt(`leaf-${index}`, km, { ...fields, ...carried, parentId }),
      ),
    ];
    const idAt = (position: number): string => locations[position % locations.length]?.id ?? 'master';
    return agency({
      locations,
      reps: seed.staff.map(({ at, load: carried, ...fields }, index) =>
        rep(idAt(at), { id: `rep-${index}`, ...fields, ...carried }),
      ),
      lead: lead({
        point: seed.hasPoint ? { latitude: 0, longitude: 0 } : null,
        postcodeReason: seed.hasPoint ? 'ok' : 'missing',
        vertical: seed.vertical,
        intakeLocationId: idAt(seed.intake),
        isReachable: true,
        requestedLocationId:
          seed.requested === 12 ? 'elsewhere' : seed.requested === null ? null : idAt(seed.requested),
        excludedLocationIds: seed.excludedLocations.map(idAt),
        excludedRepIds: seed.excludedReps.map((index) => `rep-${index}`),
      }),
    });
  });

const isWithin = (count: number, limit: number | null): boolean => limit === null || count < limit;

describe('chooseRoute, for any agency', () => {
  it('never chooses a location or rep that may not take the lead, and never exceeds a cap', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const decision = chooseRoute(input);
        if (decision.outcome === 'queued') {
          expect(decision).toMatchObject({ locationId: 'master', repId: null, step: 'master-queue' });
          return;
        }
        const at = input.locations.find((each) => each.id === decision.locationId);
        const who = input.reps.find((each) => each.id === decision.repId);
        expect(at).toMatchObject({ isLive: true, isInstalled: true });
        expect(who).toMatchObject({ status: 'active', locationId: decision.locationId });
        expect(who?.weight).toBeGreaterThan(0);
        expect(input.lead.excludedLocationIds).not.toContain(decision.locationId);
        expect(input.lead.excludedRepIds).not.toContain(decision.repId);
        for (const each of [at, who]) {
          expect(each && isWithin(each.openLeads, each.maxOpenLeads)).toBe(true);
          expect(each && isWithin(each.leadsToday, each.dailyCap)).toBe(true);
        }
        if (at && at.kind !== 'master' && input.lead.vertical !== null && at.verticals.length > 0) {
          expect(at.verticals).toContain(input.lead.vertical);
        }
        if (decision.reason.startsWith('nearest-')) {
          const row = locationRows(decision).find((each) => each.chosen);
          expect(row?.distanceKm).toBeLessThanOrEqual(at?.radiusKm ?? input.defaultRadiusKm);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('explains every location exactly once, and marks exactly the chosen one and its rep', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const decision = chooseRoute(input);
        const rows = locationRows(decision).filter((row) => row.locationId !== 'elsewhere');
        expect(rows.map((row) => row.locationId).sort()).toEqual(input.locations.map((each) => each.id).sort());
        expect(decision.candidates.filter((row) => row.chosen).map((row) => row.repId ?? row.locationId)).toEqual(
          decision.repId === null ? [decision.locationId] : [decision.locationId, decision.repId],
        );
        for (const row of decision.candidates) {
          if (decision.outcome === 'assigned') expect(row.reason === 'chosen').toBe(row.chosen);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('gives the same decision for the same input in any order', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const reversed = { ...input, locations: [...input.locations].reverse(), reps: [...input.reps].reverse() };
        expect(chooseRoute(reversed)).toEqual(chooseRoute(input));
      }),
    );
  });

  it('goes to the next nearest candidate when the chosen location is removed', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const named = { ...input, lead: { ...input.lead, requestedLocationId: null } };
        const decision = chooseRoute(named);
        if (!decision.reason.startsWith('nearest-')) return;
        const next = locationRows(decision).find((row) => row.reason === 'farther');
        const without = named.locations.filter((each) => each.id !== decision.locationId);
        const second = chooseRoute({ ...named, locations: without });
        if (next === undefined) expect(['region', 'master', 'master-queue']).toContain(second.step);
        else expect(second.locationId).toBe(next.locationId);
      }),
      { numRuns: 500 },
    );
  });
});
