import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distanceKm } from '../../domain/distance.ts';
import { createPlaceIndex } from '../../domain/geography.ts';

const BOSTON = { latitude: 42.3601, longitude: -71.0589 };
const NEW_YORK = { latitude: 40.7128, longitude: -74.006 };

const point = fc.record({
  latitude: fc.double({ min: -90, max: 90, noNaN: true }),
  longitude: fc.double({ min: -180, max: 180, noNaN: true }),
});

describe('distanceKm', () => {
  it('measures Boston to New York', () => {
    expect(distanceKm(BOSTON, NEW_YORK)).toBeCloseTo(306, 0);
  });

  it('is symmetric, zero to itself and never more than half the Earth', () => {
    fc.assert(
      fc.property(point, point, (a, b) => {
        expect(distanceKm(a, b)).toBeCloseTo(distanceKm(b, a), 6);
        expect(distanceKm(a, a)).toBe(0);
        expect(distanceKm(a, b)).toBeLessThanOrEqual(Math.PI * 6371);
      }),
    );
  });
});

describe('createPlaceIndex', () => {
  it('lists places within the radius, nearest first', () => {
    const index = createPlaceIndex([
      { id: 'new-york', ...NEW_YORK },
      { id: 'boston', ...BOSTON },
      { id: 'los-angeles', latitude: 34.05, longitude: -118.24 },
    ]);
    const found = index.nearest({ latitude: 42, longitude: -71 }, 500);
    expect(found.map((place) => place.id)).toEqual(['boston', 'new-york']);
    expect(index.nearest({ latitude: 42, longitude: -71 }, 500, 1).map((place) => place.id)).toEqual(['boston']);
  });

  it('breaks ties by id', () => {
    const index = createPlaceIndex(['c', 'a', 'b'].map((id) => ({ id, ...BOSTON })));
    expect(index.nearest(BOSTON, 1, 2).map((place) => place.id)).toEqual(['a', 'b']);
  });

  it('finds nothing among no places', () => {
    expect(createPlaceIndex([]).nearest(BOSTON, 1000)).toEqual([]);
  });

  it('agrees with measuring every place', () => {
    const radius = fc.double({ min: 1, max: 19_000, noNaN: true });
    fc.assert(
      fc.property(fc.array(point, { maxLength: 200 }), point, radius, (points, from, radiusKm) => {
        const places = points.map((each, position) => ({ id: `p${position}`, ...each }));
        const expected = places.map((place) => distanceKm(from, place)).filter((distance) => distance <= radiusKm);
        const found = createPlaceIndex(places).nearest(from, radiusKm);
        expect(found.map((place) => place.distanceKm)).toEqual(expected.sort((a, b) => a - b));
      }),
    );
  });
});
