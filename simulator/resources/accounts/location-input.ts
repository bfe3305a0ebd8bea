import { z } from 'zod';
import { refusal } from '../../http/reply.ts';
import type { Location } from '../../world/records.ts';

const id = z.string().min(1);
const text = z.string().optional();

const settingsSchema = z.strictObject({
  allowDuplicateContact: z.boolean().optional(),
  allowDuplicateOpportunity: z.boolean().optional(),
  allowFacebookNameMerge: z.boolean().optional(),
  disableContactTimezone: z.boolean().optional(),
});
const socialSchema = z.strictObject({
  facebookUrl: text,
  googlePlus: text,
  linkedIn: text,
  foursquare: text,
  twitter: text,
  yelp: text,
  instagram: text,
  youtube: text,
  pinterest: text,
  blogRss: text,
  googlePlacesId: text,
});

const shared = {
  companyId: id,
  phone: text,
  address: text,
  city: text,
  state: text,
  /** ISO 3166, two letters. */
  country: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .optional(),
  postalCode: text,
  website: text,
  timezone: text,
  prospectInfo: z.strictObject({ firstName: id, lastName: id, email: z.email() }).optional(),
  settings: settingsSchema.optional(),
  social: socialSchema.optional(),
  /** Taken and not shown again. */
  twilio: z.strictObject({ sid: z.string(), authToken: z.string() }).optional(),
  mailgun: z.strictObject({ apiKey: z.string(), domain: z.string() }).optional(),
};

/** Body of `POST /locations/`. */
export const locationCreateSchema = z.strictObject({ ...shared, name: id, snapshotId: id.optional() });

/** Body of `PUT /locations/{id}`; a snapshot named here is loaded into the location. */
export const locationUpdateSchema = z.strictObject({
  ...shared,
  name: id.optional(),
  snapshot: z.strictObject({ id, override: z.boolean().default(false) }).optional(),
});

type Written = z.output<typeof locationCreateSchema> | z.output<typeof locationUpdateSchema>;

/** Returns the location with what the body names written over it. Raises 422 for an unknown time zone. */
export function applyLocation(before: Location, body: Written): Location {
  const { prospectInfo, settings, social, timezone } = body;
  if (timezone !== undefined && !isTimeZone(timezone)) throw refusal(422, ['timezone must be a valid IANA time zone']);
  const { name, phone, address, city, state, country, postalCode, website } = body;
  return {
    ...before,
    ...given({ name, phone, address, city, state, country, postalCode, website, timezone }),
    ...(prospectInfo ?? {}),
    settings: { ...before.settings, ...given({ ...settings }) },
    social: { ...before.social, ...given({ ...social }) },
  };
}

function given<T extends object>(fields: T): { [Key in keyof T]?: NonNullable<T[Key]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]?: NonNullable<T[Key]>;
  };
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
