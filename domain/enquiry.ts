import { z } from 'zod';
import { normaliseEmail } from './email.ts';
import { normalisePersonName } from './person-name.ts';
import { normalisePhone } from './phone.ts';
import { locatePostcode, normalisePostcode, type NormalisedPostcode } from './postcode.ts';
import type { Point } from './distance.ts';

const text = (max: number) => z.string().trim().min(1).max(max);

/** The body of `POST /v1/leads`. Unknown properties are refused, so that a misspelt one is noticed. */
export const enquirySchema = z
  .strictObject({
    firstName: text(100).optional(),
    lastName: text(100).optional(),
    name: text(200).optional(),
    email: text(254).optional(),
    phone: text(40).optional(),
    postcode: text(20).optional(),
    country: z.enum(['US', 'CA']).optional(),
    vertical: text(60).optional(),
    source: text(100).optional(),
    /** A location of ours that the person asked for. */
    locationId: z
      .uuid()
      .transform((id) => id.toLowerCase())
      .optional(),
  })
  .refine((body) => body.email !== undefined || body.phone !== undefined, {
    message: 'give an email or a phone: nobody can be called back without either',
    path: ['email'],
  });

/** What a person asked, as they typed it. */
export interface RawEnquiry {
  firstName?: string | null | undefined;
  lastName?: string | null | undefined;
  name?: string | null | undefined;
  email?: string | null | undefined;
  phone?: string | null | undefined;
  postcode?: string | null | undefined;
  country?: string | null | undefined;
  vertical?: string | null | undefined;
  source?: string | null | undefined;
  requestedLocationId?: string | null | undefined;
}

export interface Enquiry {
  firstName: string | null;
  lastName: string | null;
  email: string | null;
  phone: string | null;
  postcode: string | null;
  country: 'US' | 'CA' | null;
  postcodeReason: NormalisedPostcode['reason'];
  point: Point | null;
  vertical: string | null;
  source: string | null;
  requestedLocationId: string | null;
  /** Which identifiers were given and not usable, for the timeline. */
  refused: ('email' | 'phone' | 'postcode')[];
}

/** Brings an enquiry into the one spelling that everything after it relies on. */
export function normaliseEnquiry(raw: RawEnquiry): Enquiry {
  const place = normalisePostcode(raw.postcode, raw.country);
  const located = place.postcode !== null && place.country !== null && locatePostcode(place.postcode, place.country);
  const phone = normalisePhone(raw.phone, place.country ?? (raw.country?.toUpperCase() === 'CA' ? 'CA' : 'US'));
  const email = normaliseEmail(raw.email);
  return {
    ...normalisePersonName({
      name: raw.name ?? null,
      firstName: raw.firstName ?? null,
      lastName: raw.lastName ?? null,
    }),
    email: email.email,
    phone: phone.phone,
    postcode: place.postcode,
    country: place.country,
    postcodeReason: place.reason,
    point: located ? { latitude: located.latitude, longitude: located.longitude } : null,
    vertical: raw.vertical?.trim().toLowerCase() || null,
    source: raw.source?.trim() || null,
    requestedLocationId: raw.requestedLocationId ?? null,
    refused: [
      ...(email.reason === 'invalid' ? (['email'] as const) : []),
      ...(phone.reason === 'invalid' ? (['phone'] as const) : []),
      ...(place.reason === 'malformed' ? (['postcode'] as const) : []),
    ],
  };
}
