import { z } from 'zod';
import { dndSettingsSchema } from '../world/records.ts';

const text = z.string().nullish();

/** A custom field as clients write it; both spellings of the value are taken. */
export const customFieldInputSchema = z
  .strictObject({
    id: z.string().min(1).optional(),
    key: z.string().optional(),
    field_value: z.unknown().optional(),
    fieldValue: z.unknown().optional(),
    value: z.unknown().optional(),
  })
  .transform((field) => ({
    id: field.id ?? field.key ?? '',
    value: field.field_value ?? field.fieldValue ?? field.value,
  }));

const changeable = {
  firstName: text,
  lastName: text,
  name: text,
  email: z.email().nullish(),
  phone: text,
  address1: text,
  city: text,
  state: text,
  postalCode: text,
  country: text,
  website: text,
  timezone: text,
  source: text,
  dateOfBirth: text,
  assignedTo: text,
  dnd: z.boolean().nullish(),
  dndSettings: dndSettingsSchema.nullish(),
  inboundDndSettings: z.unknown().optional(),
  tags: z.array(z.string()).nullish(),
  customFields: z.array(customFieldInputSchema).nullish(),
};

/** Body of `PUT /contacts/{id}`: no locationId, gender or companyName, which the real one refuses. */
export const contactUpdateSchema = z.strictObject(changeable);

/** Body of `POST /contacts/`. */
export const contactCreateSchema = z.strictObject({
  locationId: z.string().min(1),
  ...changeable,
  gender: text,
  companyName: text,
});

/** Body of `POST /contacts/upsert`. */
export const contactUpsertSchema = contactCreateSchema.extend({ createNewIfDuplicateAllowed: z.boolean().nullish() });

/** The fields of a contact that a caller may set. */
export type ContactInput = Omit<z.output<typeof contactCreateSchema>, 'locationId'>;
