import { z } from 'zod';
import { looseFlag, looseText, looseTexts } from './loose-fields.ts';

const customFieldSchema = z.object({ id: z.string(), value: z.unknown() });

const dndStatusesSchema = z.record(z.string(), z.object({ status: looseText, message: looseText, code: looseText }));

/** Statuses by channel (`SMS`, `Email`, …; lower case in v3). `active` means that contacting is off. */
export const dndSettingsSchema = dndStatusesSchema
  .nullish()
  .catch(null)
  .transform((settings) => settings ?? {});

/** The same where a missing one says nothing: null. */
export const maybeDndSettingsSchema = dndStatusesSchema
  .nullish()
  .catch(null)
  .transform((settings) => settings ?? null);

export const contactFieldsSchema = z.object({
  id: z.string().min(1),
  locationId: looseText,
  name: looseText,
  firstName: looseText,
  lastName: looseText,
  email: looseText,
  phone: looseText,
  companyName: looseText,
  address1: looseText,
  city: looseText,
  state: looseText,
  postalCode: looseText,
  country: looseText,
  timezone: looseText,
  website: looseText,
  dateOfBirth: looseText,
  source: looseText,
  assignedTo: looseText,
  dateAdded: looseText,
  dnd: looseFlag,
  tags: looseTexts,
  customFields: z
    .array(customFieldSchema)
    .nullish()
    .catch([])
    .transform((fields) => fields ?? []),
});

/** More e-mails or phones than the main one, which GHL shows each in a record of its own, or plain. */
export const others = (name: 'email' | 'phone') =>
  z
    .array(z.union([z.string(), z.looseObject({ [name]: z.string() }).transform((each) => String(each[name]))]))
    .nullish()
    .catch([])
    .transform((all) => all ?? []);

/** A contact as it is read by itself: lists leave out more or less of what stands here. */
export const contactSchema = contactFieldsSchema.extend({
  dateUpdated: looseText,
  dndSettings: dndSettingsSchema,
  /** What it may send; no event tells of a change. */
  inboundDndSettings: dndSettingsSchema,
  additionalEmails: others('email'),
  additionalPhones: others('phone'),
});
export type GhlContact = z.output<typeof contactSchema>;

const writtenText = z.string().nullable().optional();
const writtenCustomFields = z
  .array(
    z.object({ id: z.string(), value: z.union([z.string(), z.number(), z.boolean(), z.array(z.string()), z.null()]) }),
  )
  // Contacts are read with `value` and written with `field_value`.
  .transform((fields) => fields.map((field) => ({ id: field.id, field_value: field.value })))
  .optional();

const writtenDndSetting = z
  .object({
    status: z.enum(['active', 'inactive', 'permanent']),
    message: z.string().optional(),
    code: z.string().optional(),
  })
  .optional();
/** `active` switches a channel off; `permanent` does so until the person's own START. Writes take the same words as reads. */
const writtenDndSettings = z
  .object({
    Call: writtenDndSetting,
    Email: writtenDndSetting,
    SMS: writtenDndSetting,
    WhatsApp: writtenDndSetting,
    GMB: writtenDndSetting,
    FB: writtenDndSetting,
  })
  .optional();

/**
 * What PUT accepts: GHL answers 422 to any other property, among them locationId, gender and companyName. `tags` is
 * left out on purpose: in a body it replaces all tags of the contact.
 */
export const contactUpdateBodySchema = z.object({
  firstName: writtenText,
  lastName: writtenText,
  name: writtenText,
  email: writtenText,
  phone: writtenText,
  address1: writtenText,
  city: writtenText,
  state: writtenText,
  postalCode: writtenText,
  country: writtenText,
  website: writtenText,
  timezone: writtenText,
  source: writtenText,
  dateOfBirth: writtenText,
  assignedTo: writtenText,
  dnd: z.boolean().optional(),
  dndSettings: writtenDndSettings,
  customFields: writtenCustomFields,
});
export type ContactUpdateFields = z.input<typeof contactUpdateBodySchema>;

export const contactUpsertBodySchema = contactUpdateBodySchema.extend({
  locationId: z.string().min(1),
  companyName: writtenText,
  gender: writtenText,
});
export type ContactUpsertFields = Omit<z.input<typeof contactUpsertBodySchema>, 'locationId'>;

export const noteSchema = z.object({
  id: z.string().min(1),
  body: looseText,
  userId: looseText,
  contactId: looseText,
  dateAdded: looseText,
});
export type GhlNote = z.output<typeof noteSchema>;

export const noteBodySchema = z.object({ body: z.string().min(1), userId: z.string().optional() });
export type NoteFields = z.input<typeof noteBodySchema>;

const taskFields = {
  title: looseText,
  body: looseText,
  assignedTo: looseText,
  contactId: looseText,
  dueDate: looseText,
  completed: looseFlag,
};
export const taskSchema = z.object({ id: z.string().min(1), ...taskFields });
export type GhlTask = z.output<typeof taskSchema>;
/** The search of a location is not published in full: it may show the id under the name that its database has. */
export const foundTaskSchema = z
  .object({ id: looseText, _id: looseText, ...taskFields })
  .transform(({ id, _id, ...rest }) => ({ ...rest, id: id ?? _id }));

export const taskBodySchema = z.object({
  title: z.string().min(1),
  body: z.string().optional(),
  dueDate: z.date().transform((dueAt) => dueAt.toISOString()),
  completed: z.boolean().default(false),
  assignedTo: z.string().optional(),
});
export type TaskFields = z.input<typeof taskBodySchema>;
