import findTimeZone from '@photostructure/tz-lookup';
import type { Point } from './distance.ts';
import { findAreaCentre } from './postcode-tables.ts';
import type { PostcodeCountry } from './postcode-tables.ts';

export interface NormalisedPostcode {
  /** `02116`, `M5V 3L9`, or `M5V` when only the area was given; kept when `unknown` but well formed. */
  postcode: string | null;
  country: PostcodeCountry | null;
  reason: 'ok' | 'missing' | 'malformed' | 'unknown';
}

export interface PostcodePlace extends Point {
  /** IANA name, such as `America/Toronto`. */
  timeZone: string;
}

const MISSING: NormalisedPostcode = { postcode: null, country: null, reason: 'missing' };
const MALFORMED: NormalisedPostcode = { postcode: null, country: null, reason: 'malformed' };
/** Canada Post uses no D, F, I, O, Q or U, and no W or Z in front. */
const CANADIAN = /^([ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z])(\d[ABCEGHJ-NPRSTV-Z]\d)?$/;

/** ZIP or ZIP+4 with or without separator; `.0` is what a spreadsheet's number column leaves. */
const ZIP = /^(?:(\d{3,5})(?:\.0|\s*[-\u2013]?)|(\d{3,5})\s*[-\u2013]?\s*\d{4}(?:\.0)?)$/;

/**
 * Brings a US or Canadian postcode to its canonical spelling. The two shapes cannot be confused, so the shape
 * decides between them even against the hint: GHL fills in the account's own country when a form has none.
 * @param raw any spelling: ZIP+4, missing space or hyphen, leading zeros lost by a spreadsheet, O typed for 0
 * @param country ISO 3166 code if known; any country but US and CA makes the postcode `unknown`
 * @returns `unknown` for a well-formed postcode that is not on the map (military post included)
 */
export function normalisePostcode(raw: string | null | undefined, country?: string | null): NormalisedPostcode {
  const text = (raw ?? '').trim().toUpperCase();
  if (text === '') return MISSING;
  const hint = country?.trim().toUpperCase() ?? '';
  if (hint !== '' && hint !== 'US' && hint !== 'CA') return { postcode: null, country: null, reason: 'unknown' };

  const canadian = readCanadian(text);
  if (canadian !== undefined) return checkKnown(canadian, 'CA');
  const zip = readZip(text, hint !== 'CA');
  return zip === undefined ? MALFORMED : checkKnown(zip, 'US');
}

/**
 * Finds the middle of a postcode's area and the time zone there.
 * @param postcode as `normalisePostcode` returns it; in Canada the first three characters decide
 */
export function locatePostcode(postcode: string, country: PostcodeCountry): PostcodePlace | undefined {
  const point = findAreaCentre(country === 'CA' ? postcode.slice(0, 3) : postcode, country);
  return point && { ...point, timeZone: findTimeZone(point.latitude, point.longitude) };
}

function checkKnown(postcode: string, country: PostcodeCountry): NormalisedPostcode {
  const area = country === 'CA' ? postcode.slice(0, 3) : postcode;
  return { postcode, country, reason: findAreaCentre(area, country) ? 'ok' : 'unknown' };
}

function readCanadian(text: string): string | undefined {
  // Every second character is a digit, and neither letter exists in a Canadian code.
  const compact = Array.from(text.replace(/[\s.-]+/g, ''), (character, position) =>
    position % 2 === 1 ? character.replace('O', '0').replace('I', '1') : character,
  ).join('');
  const match = CANADIAN.exec(compact);
  return match?.[1] && (match[2] ? `${match[1]} ${match[2]}` : match[1]);
}

function readZip(text: string, mayLackZeros: boolean): string | undefined {
  const match = ZIP.exec(text);
  const digits = match?.[1] ?? match?.[2];
  if (digits === undefined) return undefined;
  return digits.length === 5 || mayLackZeros ? digits.padStart(5, '0') : undefined;
}
