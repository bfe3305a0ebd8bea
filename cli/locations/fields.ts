import type { Updateable } from 'kysely';
import { z } from 'zod';
import type { Database } from '../../db/schema.ts';
import { locatePostcode, normalisePostcode } from '../../domain/postcode.ts';
import { count, ghlId, orNone, text } from '../inputs.ts';

/** What is set is set to a value: undefined never reaches the database. */
type Columns = Given<Updateable<Database['locations']>>;

const vertical = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[^,;|\p{Cc}]{1,60}$/u, 'a line of business has 1 to 60 characters');

const timeZone = z.string().trim().refine(isTimeZone, 'wanted is a time zone such as America/New_York');

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

const radiusKm = z
  .string()
  .trim()
  .regex(/^\d+(\.\d+)?$/, 'wanted is a number of kilometres')
  .transform(Number)
  .pipe(z.number().positive('must be more than 0').max(20_000, 'at most 20000'));

/** What an operator may say of a location, as text: options of commands and cells of a CSV file. */
export const locationFields = {
  ghlLocationId: ghlId.optional(),
  postcode: orNone(text(20)).optional(),
  country: z.enum(['US', 'CA'], 'wanted is US or CA').optional(),
  timeZone: timeZone.optional(),
  verticals: orNone(
    z
      .string()
      .transform((list) => list.split(/[,;|]/))
      .pipe(z.array(vertical)),
  ).optional(),
  radiusKm: orNone(radiusKm).optional(),
  maxOpenLeads: orNone(count(0, 1_000_000)).optional(),
  dailyCap: orNone(count(0, 1_000_000)).optional(),
  pipelineId: orNone(ghlId).optional(),
  pipelineStageId: orNone(ghlId).optional(),
  leadMaxAgeHours: count(1, 24 * 365).optional(),
  intake: z.boolean().optional(),
};

export type LocationFields = z.infer<z.ZodObject<typeof locationFields>>;

export type FieldReading = { columns: Columns; problem: undefined } | { columns: undefined; problem: string };

/** The columns that the given fields set; fields that were not given stay as they are. The postcode decides place and time zone. */
export function readColumns(fields: LocationFields): FieldReading {
  const place = readPlace(fields);
  if (typeof place === 'string') return { columns: undefined, problem: place };
  const { verticals, leadMaxAgeHours } = fields;
  const columns = {
    ...place,
    ghl_location_id: fields.ghlLocationId,
    time_zone: fields.timeZone ?? place.time_zone,
    verticals: verticals === null ? [] : verticals && [...new Set(verticals)],
    radius_km: fields.radiusKm,
    max_open_leads: fields.maxOpenLeads,
    daily_cap: fields.dailyCap,
    pipeline_id: fields.pipelineId,
    pipeline_stage_id: fields.pipelineStageId,
    lead_max_age_seconds: leadMaxAgeHours === undefined ? undefined : leadMaxAgeHours * 3_600,
    is_intake: fields.intake,
  };
  return { columns: withoutUndefined(columns), problem: undefined };
}

type PlaceColumns = Pick<Columns, 'postcode' | 'country' | 'latitude' | 'longitude' | 'time_zone'>;

function readPlace({ postcode: typed, country }: LocationFields): PlaceColumns | string {
  if (typed === undefined) return country === undefined ? {} : 'a country without a postcode says nothing: give both';
  if (typed === null) return { postcode: null, country: null, latitude: null, longitude: null };
  const read = normalisePostcode(typed, country);
  if (read.postcode === null || read.country === null) return `${typed} is no postcode of the US or Canada`;
  const place = locatePostcode(read.postcode, read.country);
  if (!place) return `${typed} is not on the map: take a postcode nearby`;
  const { latitude, longitude } = place;
  return { postcode: read.postcode, country: read.country, latitude, longitude, time_zone: place.timeZone };
}

type Given<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

const withoutUndefined = <T extends object>(values: T): Given<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<T>;
