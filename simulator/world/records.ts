import { z } from 'zod';

const id = z.string().min(1);
const isoDate = z.iso.datetime({ offset: true });

/** The request allowance of one location or company (facts: 100 per 10 s and 200,000 a day; a sandbox has 25). */
export const rateLimitSchema = z.object({
  max: z.number().int().positive().default(100),
  intervalMs: z.number().int().positive().default(10_000),
  daily: z.number().int().positive().default(200_000),
});

export const companySchema = z.object({
  id,
  name: z.string().default('Agency'),
  /** Only the highest plan may make locations and run SaaS through the API. */
  plan: z.enum(['starter', 'unlimited', 'agency-pro']).default('agency-pro'),
  /** A developer's trial agency: smaller limits, and two locations at most. */
  sandbox: z.boolean().default(false),
  /** The agency sells GHL under its own name there. */
  whitelabelDomain: z.string().optional(),
  rateLimit: rateLimitSchema.optional(),
});

export const appSchema = z.object({
  /** `<24 hex digits>-<8 characters>` in the wild; the part before the dash is the app id. */
  clientId: id,
  clientSecret: id,
  /** Whose users install it; fixed when the app is made. Without it the app is both, with every scope. */
  target: z.enum(['Company', 'Location']).optional(),
  name: z.string().default('App'),
  /** Where a code may be sent; without it anywhere. */
  redirectUris: z.array(z.url()).optional(),
  webhookUrl: z.url().nullish(),
  /** URLs of single event types, instead of `webhookUrl`. */
  webhookUrls: z.record(z.string(), z.url()).optional(),
  versionId: id.optional(),
  scopes: z.array(z.string()).optional(),
});

export const locationSettingsSchema = z.object({
  allowDuplicateContact: z.boolean().default(false),
  allowDuplicateOpportunity: z.boolean().default(false),
  allowFacebookNameMerge: z.boolean().default(false),
  disableContactTimezone: z.boolean().default(false),
  /** Which identifiers find a duplicate, the first being the stronger. */
  dedupe: z.array(z.enum(['email', 'phone'])).default(['email', 'phone']),
});

export const locationSchema = z.object({
  id,
  companyId: id,
  name: z.string().default('Location'),
  active: z.boolean().default(true),
  email: z.string().optional(),
  phone: z.string().optional(),
  address: z.string().optional(),
  city: z.string().optional(),
  state: z.string().optional(),
  country: z.string().default('US'),
  postalCode: z.string().optional(),
  website: z.string().optional(),
  firstName: z.string().optional(),
  lastName: z.string().optional(),
  social: z.record(z.string(), z.string()).default({}),
  timezone: z.string().default('America/New_York'),
  settings: locationSettingsSchema.prefault({}),
  rateLimit: rateLimitSchema.optional(),
  dateAdded: isoDate.optional(),
});

export const userSchema = z.object({
  id,
  companyId: id,
  locationIds: z.array(id).default([]),
  firstName: z.string().default(''),
  lastName: z.string().default(''),
  email: z.string(),
  phone: z.string().optional(),
  type: z.enum(['account', 'agency']).default('account'),
  role: z.enum(['admin', 'user']).default('user'),
  permissions: z.record(z.string(), z.unknown()).default({}),
  scopes: z.array(z.string()).default([]),
});

export const pipelineSchema = z.object({
  id,
  locationId: id,
  name: z.string(),
  stages: z.array(z.object({ id, name: z.string(), position: z.number().int().default(0) })).default([]),
});

const customFieldSchema = z.object({ id, value: z.unknown() });

const dndStatus = z.object({
  status: z.enum(['active', 'inactive', 'permanent']),
  message: z.string().nullish(),
  code: z.string().nullish(),
});
export const dndSettingsSchema = z.partialRecord(
  z.enum(['Call', 'Email', 'SMS', 'WhatsApp', 'GMB', 'FB', 'RCS']),
  dndStatus,
);

export const contactSchema = z.object({
  id,
  locationId: id,
  firstName: z.string().nullish(),
  lastName: z.string().nullish(),
  email: z.string().nullish(),
  phone: z.string().nullish(),
  gender: z.string().nullish(),
  companyName: z.string().nullish(),
  address1: z.string().nullish(),
  city: z.string().nullish(),
  state: z.string().nullish(),
  postalCode: z.string().nullish(),
  country: z.string().nullish(),
  website: z.string().nullish(),
  timezone: z.string().nullish(),
  source: z.string().nullish(),
  dateOfBirth: z.string().nullish(),
  assignedTo: z.string().nullish(),
  type: z.string().default('lead'),
  dnd: z.boolean().default(false),
  dndSettings: dndSettingsSchema.default({}),
  inboundDndSettings: z.unknown().optional(),
  tags: z.array(z.string()).default([]),
  customFields: z.array(customFieldSchema).default([]),
  attributionSource: z.unknown().optional(),
  /** What came from contacts that were merged into this one. */
  additionalEmails: z.array(z.string()).optional(),
  additionalPhones: z.array(z.string()).optional(),
  dateAdded: isoDate,
  dateUpdated: isoDate,
});

export const noteSchema = z.object({
  id,
  contactId: id,
  locationId: id,
  body: z.string(),
  userId: z.string().nullish(),
  title: z.string().nullish(),
  color: z.string().nullish(),
  pinned: z.boolean().nullish(),
  dateAdded: isoDate,
});

export const taskSchema = z.object({
  id,
  contactId: id,
  locationId: id,
  title: z.string(),
  body: z.string().nullish(),
  dueDate: z.string(),
  completed: z.boolean(),
  assignedTo: z.string().nullish(),
  dateAdded: isoDate,
});

export const opportunityStatusSchema = z.enum(['open', 'won', 'lost', 'abandoned']);

export const opportunitySchema = z.object({
  id,
  locationId: id,
  contactId: id,
  pipelineId: id,
  pipelineStageId: id.nullish(),
  name: z.string(),
  status: opportunityStatusSchema.default('open'),
  monetaryValue: z.number().default(0),
  assignedTo: z.string().nullish(),
  source: z.string().nullish(),
  lostReasonId: z.string().nullish(),
  customFields: z.array(customFieldSchema).default([]),
  followers: z.array(z.string()).default([]),
  forecastExpectedCloseDate: z.string().optional(),
  /** Percent. */
  forecastProbability: z.number().optional(),
  createdAt: isoDate,
  updatedAt: isoDate,
});

export type RateLimit = z.infer<typeof rateLimitSchema>;
export type Company = z.infer<typeof companySchema>;
export type App = z.infer<typeof appSchema>;
export type Location = z.infer<typeof locationSchema>;
export type User = z.infer<typeof userSchema>;
export type Pipeline = z.infer<typeof pipelineSchema>;
export type Contact = z.infer<typeof contactSchema>;
export type Note = z.infer<typeof noteSchema>;
export type Task = z.infer<typeof taskSchema>;
export type Opportunity = z.infer<typeof opportunitySchema>;
