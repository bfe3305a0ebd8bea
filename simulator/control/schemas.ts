import { z } from 'zod';
import { doorBehaviourSchema } from '../behaviour.ts';
import { changeKinds } from '../changes/ledger.ts';
import { contactCreateSchema, contactUpdateSchema } from '../resources/contact-input.ts';
import { resourceBehaviourSchema } from '../resources/behaviour.ts';
import { opportunityFormSchema } from '../resources/opportunity-input.ts';
import { collectionNames } from '../world/collections.ts';
import { locationSettingsSchema, rateLimitSchema } from '../world/records.ts';

const id = z.string().min(1);

export const sendWebhookSchema = z.strictObject({
  type: id,
  locationId: id.optional(),
  companyId: id.optional(),
  body: z.record(z.string(), z.unknown()).default({}),
});

export const enableUrlSchema = z.strictObject({ url: z.url() });

export const deliveriesQuerySchema = z.strictObject({
  type: id.optional(),
  state: z.enum(['pending', 'delivered', 'failed', 'dropped', 'refused']).optional(),
  limit: z.coerce.number().int().min(1).max(2_000).default(100),
});

/** Any of: one access or refresh token, all tokens of a location, all of an agency. */
export const revokeSchema = z.strictObject({
  token: id.optional(),
  locationId: id.optional(),
  companyId: id.optional(),
  /** Refresh tokens die as well: only a new install helps. */
  withRefresh: z.boolean().default(false),
});

export const locationChangeSchema = z.strictObject({
  active: z.boolean().optional(),
  settings: locationSettingsSchema.partial().optional(),
  rateLimit: rateLimitSchema.partial().optional(),
});

/** A sub-account that a person opens; its other fields are those of a seeded one. */
export const newLocationSchema = z.looseObject({ id: id.optional(), companyId: id, name: id });

export const behaviourChangeSchema = z.strictObject({
  ...doorBehaviourSchema.partial().shape,
  refreshGraceMs: z.number().int().min(0).optional(),
  accessTokenSeconds: z.number().int().positive().optional(),
  searchLagMs: z.number().int().min(0).optional(),
  searchLagJitterMs: z.number().int().min(0).optional(),
  ...resourceBehaviourSchema.partial().shape,
});

export const advanceClockSchema = z.strictObject({ ms: z.number().int().min(0) });

/** What a person types into GHL's own forms: the API's fields. */
export const uiContactCreateSchema = contactCreateSchema;
export const uiContactUpdateSchema = contactUpdateSchema;
export const uiOpportunityUpdateSchema = opportunityFormSchema;

const userFields = {
  firstName: z.string().optional(),
  lastName: z.string().optional(),
  phone: z.string().optional(),
  type: z.enum(['account', 'agency']).optional(),
  role: z.enum(['admin', 'user']).optional(),
  locationIds: z.array(id).optional(),
};
export const uiUserCreateSchema = z.strictObject({ companyId: id, email: z.email(), ...userFields });
export const uiUserUpdateSchema = z.strictObject({ email: z.email().optional(), ...userFields });

export const installRequestSchema = z.strictObject({
  clientId: id.optional(),
  companyId: id.optional(),
  locationId: id.optional(),
  locationIds: z.array(id).optional(),
  installToFutureLocations: z.boolean().optional(),
  userId: id.optional(),
});

export const planChangeSchema = z.strictObject({
  clientId: id.optional(),
  locationId: id,
  newPlanId: id,
  userId: id.optional(),
});

/** The old token works 7 more days, or ends now. */
export const rotatePrivateTokenSchema = z.strictObject({ token: id, expireOldNow: z.boolean().default(false) });

const weights = z.partialRecord(z.enum(changeKinds), z.number().int().min(0)).optional();
export const makeChangesSchema = z.strictObject({
  locationId: id,
  count: z.number().int().min(1).max(10_000),
  weights,
});
export const startChangesSchema = z.strictObject({
  /** Several take turns. */
  locationId: z.union([id, z.array(id).min(1)]),
  perSecond: z.number().positive().max(500),
  weights,
});
export const mergeSchema = z.strictObject({ survivorId: id, loserId: id });

/** `generated`: of a location, those as well that nobody has changed since they were made up. */
export const stateQuerySchema = z.strictObject({ locationId: id.optional(), generated: z.stringbool().optional() });
export const collectionSchema = z.enum([
  'contacts',
  'notes',
  'tasks',
  'opportunities',
  'pipelines',
  'users',
  'installs',
  'locations',
  ...collectionNames,
]);
export type Collection = z.infer<typeof collectionSchema>;
