import { z } from 'zod';
import { looseFlag, looseText } from './loose-fields.ts';

export const locationSchema = z.object({
  id: z.string().min(1),
  companyId: looseText,
  name: looseText,
  email: looseText,
  phone: looseText,
  address: looseText,
  website: looseText,
  timezone: looseText,
  country: looseText,
  state: looseText,
  city: looseText,
  postalCode: looseText,
  settings: z
    .object({ allowDuplicateContact: looseFlag, allowDuplicateOpportunity: looseFlag })
    .nullish()
    .catch(null)
    .transform((settings) => settings ?? { allowDuplicateContact: null, allowDuplicateOpportunity: null }),
});
export type GhlLocation = z.output<typeof locationSchema>;

export const installedLocationSchema = z.object({
  _id: z.string().min(1),
  name: looseText,
  isInstalled: looseFlag,
});

const written = z.string().optional();
const id = z.string().min(1);

const locationFields = {
  companyId: id,
  phone: written,
  address: written,
  city: written,
  state: written,
  /** ISO 3166, two letters. */
  country: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .optional(),
  postalCode: written,
  website: written,
  timezone: written,
  prospectInfo: z.object({ firstName: id, lastName: id, email: z.email() }).optional(),
  settings: z
    .object({
      allowDuplicateContact: z.boolean().optional(),
      allowDuplicateOpportunity: z.boolean().optional(),
      allowFacebookNameMerge: z.boolean().optional(),
      disableContactTimezone: z.boolean().optional(),
    })
    .optional(),
  twilio: z.object({ sid: id, authToken: id }).optional(),
  mailgun: z.object({ apiKey: id, domain: id }).optional(),
};

export const locationCreateBodySchema = z.object({ ...locationFields, name: id, snapshotId: id.optional() });
export type LocationCreateFields = Omit<z.input<typeof locationCreateBodySchema>, 'companyId'>;

export const locationUpdateBodySchema = z.object({
  ...locationFields,
  name: id.optional(),
  snapshot: z.object({ id, override: z.boolean() }).optional(),
});
export type LocationUpdateFields = Omit<z.input<typeof locationUpdateBodySchema>, 'companyId'>;
