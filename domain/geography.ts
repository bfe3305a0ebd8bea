import KDBush from 'kdbush';
import { around } from 'geokdbush';
import { distanceKm } from './distance.ts';
import type { Point } from './distance.ts';

export interface Place extends Point {
  id: string;
}

export interface PlaceIndex {
  /**
   * Lists places around a point, nearest first, equal distances by id.
   * @param radiusKm places farther than this are left out
   * @param limit at most so many; all when omitted
   */
  nearest(point: Point, radiusKm: number, limit?: number): { id: string; distanceKm: number }[];
}

/**
 * Builds an index for repeated nearest-place questions over the same places.
 * Distances are those of `distanceKm`, so that the index and routing never disagree.
 */
export function createPlaceIndex(places: readonly Place[]): PlaceIndex {
  const index = new KDBush(places.length);
  for (const place of places) index.add(place.longitude, place.latitude);
  index.finish();
  return {
    nearest(point, radiusKm, limit = Infinity) {
      // The library breaks ties by its own tree order, so the limit is applied after ours.
      return around(index, point.longitude, point.latitude, Infinity, radiusKm)
        .flatMap((position) => {
          const place = places[position];
          return place === undefined ? [] : [{ id: place.id, distanceKm: distanceKm(point, place) }];
        })
        .sort((a, b) => a.distanceKm - b.distanceKm || (a.id < b.id ? -1 : 1))
        .slice(0, limit);
    },
  };
}
