import { z } from 'zod';

const id = z.string().min(1);
const isoDate = z.iso.datetime({ offset: true });

export const locationTagSchema = z.object({ id, locationId: id, name: z.string() });

export const customFieldTypeSchema = z.enum([
  'TEXT',
  'LARGE_TEXT',
  'NUMERICAL',
  'PHONE',
  'MONETORY',
  'CHECKBOX',
  'SINGLE_OPTIONS',
  'MULTIPLE_OPTIONS',
  'FLOAT',
  'TIME',
  'DATE',
  'TEXTBOX_LIST',
  'FILE_UPLOAD',
  'SIGNATURE',
  'RADIO',
  'EMAIL',
]);

export const customFieldDefinitionSchema = z.object({
  id,
  locationId: id,
  name: z.string(),
  /** `<model>.<name in snake case>`, also accepted in paths instead of the id. */
  fieldKey: z.string(),
  dataType: customFieldTypeSchema,
  model: z.enum(['contact', 'opportunity']).default('contact'),
  placeholder: z.string().default(''),
  position: z.number().int().default(0),
  picklistOptions: z.array(z.string()).optional(),
});

export const customValueSchema = z.object({
  id,
  locationId: id,
  name: z.string(),
  fieldKey: z.string(),
  value: z.string().default(''),
});

export const templateSchema = z.object({
  id,
  locationId: id,
  name: z.string(),
  type: z.enum(['sms', 'email', 'whatsapp']).default('sms'),
  template: z.record(z.string(), z.unknown()).default({}),
  dateAdded: isoDate,
});

export const workflowSchema = z.object({
  id,
  locationId: id,
  name: z.string(),
  status: z.enum(['draft', 'published']).default('published'),
  version: z.number().int().default(1),
  createdAt: isoDate,
  updatedAt: isoDate,
});

/** A contact that has been put into a workflow. */
export const enrolmentSchema = z.object({
  id,
  locationId: id,
  contactId: id,
  workflowId: id,
  eventStartTime: z.string().optional(),
  dateAdded: isoDate,
});

export const lostReasonSchema = z.object({
  id,
  locationId: id,
  name: z.string(),
  deleted: z.boolean().default(false),
  createdAt: isoDate,
  updatedAt: isoDate,
});

/** What a snapshot brings into a location, by asset type; a type that is absent or empty is not loaded. */
const snapshotAssetsSchema = z.object({
  tags: z.array(z.string()).default([]),
  custom_fields: z
    .array(
      z.object({
        name: z.string(),
        dataType: customFieldTypeSchema.default('TEXT'),
        model: z.enum(['contact', 'opportunity']).default('contact'),
        picklistOptions: z.array(z.string()).optional(),
      }),
    )
    .default([]),
  custom_values: z.array(z.object({ name: z.string(), value: z.string().default('') })).default([]),
  pipelines: z.array(z.object({ name: z.string(), stages: z.array(z.string()) })).default([]),
  workflows: z.array(z.string()).default([]),
  /** Types of which the simulator only knows that they are there. */
  forms: z.array(z.string()).default([]),
  surveys: z.array(z.string()).default([]),
  funnels: z.array(z.string()).default([]),
});

export const snapshotSchema = z.object({
  id,
  companyId: id,
  name: z.string(),
  type: z.enum(['own', 'imported']).default('own'),
  assets: snapshotAssetsSchema.prefault({}),
});

/** One loading of a snapshot into a location. */
export const snapshotLoadSchema = z.object({
  id,
  companyId: id,
  locationId: id,
  snapshotId: id,
  override: z.boolean().default(false),
  status: z.enum(['pending', 'processing', 'completed', 'failed']).default('pending'),
  completed: z.array(z.string()).default([]),
  pending: z.array(z.string()).default([]),
  dateAdded: isoDate,
});

export type CustomFieldDefinition = z.infer<typeof customFieldDefinitionSchema>;
export type CustomValue = z.infer<typeof customValueSchema>;
export type LocationTag = z.infer<typeof locationTagSchema>;
export type Snapshot = z.infer<typeof snapshotSchema>;
export type SnapshotLoad = z.infer<typeof snapshotLoadSchema>;
