import type { TownKey } from '../../scripts/demo/towns.ts';

/** Where the sample's towns are, to a kilometre or so, written down apart from the postcode tables. */
const COORDINATES: Record<TownKey, [latitude: number, longitude: number]> = {
  seattle: [47.61, -122.33],
  tacoma: [47.25, -122.44],
  vancouver: [49.26, -123.12],
  'san-francisco': [37.77, -122.42],
  oakland: [37.8, -122.25],
  'los-angeles': [34.05, -118.26],
  'san-diego': [32.74, -117.15],
  phoenix: [33.47, -112.06],
  boise: [43.62, -116.21],
  anchorage: [61.21, -149.87],
  honolulu: [21.31, -157.85],
  'el-paso': [31.76, -106.48],
  denver: [39.74, -104.98],
  boulder: [40.02, -105.26],
  dallas: [32.8, -96.79],
  'fort-worth': [32.74, -97.33],
  austin: [30.26, -97.74],
  'round-rock': [30.51, -97.67],
  chicago: [41.89, -87.65],
  evanston: [42.04, -87.69],
  minneapolis: [44.97, -93.27],
  'saint-louis': [38.62, -90.22],
  billings: [45.77, -108.5],
  winnipeg: [49.89, -97.14],
  omaha: [41.26, -95.94],
  'new-york': [40.75, -73.99],
  newark: [40.74, -74.18],
  boston: [42.35, -71.07],
  philadelphia: [39.95, -75.16],
  atlanta: [33.76, -84.38],
  miami: [25.78, -80.21],
  toronto: [43.65, -79.38],
  halifax: [44.65, -63.58],
  bangor: [44.8, -68.77],
  'key-west': [24.56, -81.78],
};

/** Great-circle kilometres between a town and a point. */
export function kmFrom(town: TownKey, [latitude, longitude]: readonly [number, number]): number {
  const [fromLatitude, fromLongitude] = COORDINATES[town].map((degrees) => (degrees * Math.PI) / 180) as [
    number,
    number,
  ];
  const [toLatitude, toLongitude] = [(latitude * Math.PI) / 180, (longitude * Math.PI) / 180];
  const cosine =
    Math.sin(fromLatitude) * Math.sin(toLatitude) +
    Math.cos(fromLatitude) * Math.cos(toLatitude) * Math.cos(toLongitude - fromLongitude);
  return 6371 * Math.acos(Math.min(1, cosine));
}

/** Great-circle kilometres between two towns. */
export const kmBetween = (from: TownKey, to: TownKey): number => kmFrom(from, COORDINATES[to]);
