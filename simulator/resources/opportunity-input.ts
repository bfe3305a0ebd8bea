import { z } from 'zod';
import { opportunityStatusSchema } from '../world/records.ts';
import { customFieldInputSchema } from './contact-input.ts';
import type { OpportunityChange } from './opportunity-writes.ts';

const id = z.string().min(1);

const changeable = {
  name: z.string().min(1).optional(),
  pipelineId: id.optional(),
  pipelineStageId: id.optional(),
  status: opportunityStatusSchema.optional(),
  monetaryValue: z.number().optional(),
  assignedTo: z.string().nullish(),
};
const customFields = z.array(customFieldInputSchema).optional();
const lostReasonId = z.string().nullish();
/** What `Version: v3` takes besides. */
const forecast = { forecastExpectedCloseDate: z.string().optional(), forecastProbability: z.number().optional() };

/** Body of `POST /opportunities/`. */
export const opportunityCreateSchema = z.strictObject({
  ...changeable,
  customFields,
  locationId: id,
  pipelineId: id,
  contactId: id,
  name: z.string().min(1),
  status: opportunityStatusSchema,
});

const followersActionType = z.enum(['add', 'remove']);

/** The same under `Version: v3`. */
export const opportunityCreateSchemaV3 = opportunityCreateSchema.extend(forecast);

/** Body of `POST /opportunities/upsert`: the contract of before September 2025 and that of May 2026 are both taken. */
export const opportunityUpsertSchema = z.strictObject({
  ...changeable,
  lostReasonId,
  locationId: id,
  pipelineId: id,
  contactId: id.optional(),
  id: id.optional(),
  followers: z.array(z.string()).optional(),
  isRemoveAllFollowers: z.boolean().optional(),
  followersActionType: followersActionType.optional(),
});

/** The same under `Version: v3`. */
export const opportunityUpsertSchemaV3 = opportunityUpsertSchema.extend(forecast);

/** The same by the older contract alone. */
export const opportunityUpsertByContactSchema = z.strictObject({
  ...changeable,
  locationId: id,
  pipelineId: id,
  contactId: id,
});

/** The same by the newer contract alone. */
export const opportunityUpsertByIdSchema = z.strictObject({
  ...changeable,
  lostReasonId,
  locationId: id,
  pipelineId: id,
  id: id.optional(),
  followers: z.array(z.string()),
  isRemoveAllFollowers: z.boolean(),
  followersActionType,
});

/** The same under `Version: v3`. */
export const opportunityUpsertByIdSchemaV3 = opportunityUpsertByIdSchema.extend(forecast);

/** Body of `PUT /opportunities/{id}`. */
export const opportunityUpdateSchema = z.strictObject({ ...changeable, customFields });

/** The same under `Version: v3`. */
export const opportunityUpdateSchemaV3 = opportunityUpdateSchema.extend(forecast);

/** What a person can change besides, which the published bodies do not name. */
export const opportunityFormSchema = opportunityUpdateSchema.extend({ source: z.string().nullish(), lostReasonId });

/** Body of `PUT /opportunities/{id}/status`. */
export const opportunityStatusChangeSchema = z.strictObject({ status: opportunityStatusSchema, lostReasonId });

type Input = z.output<typeof opportunityFormSchema> & z.output<typeof opportunityUpdateSchemaV3>;

/** Returns the change without the fields that were not given, so that writing it clears nothing. */
export function changeOf(input: Input): OpportunityChange {
  return {
    ...(input.name === undefined ? {} : { name: input.name }),
    ...(input.pipelineId === undefined ? {} : { pipelineId: input.pipelineId }),
    ...(input.pipelineStageId === undefined ? {} : { pipelineStageId: input.pipelineStageId }),
    ...(input.status === undefined ? {} : { status: input.status }),
    ...(input.monetaryValue === undefined ? {} : { monetaryValue: input.monetaryValue }),
    ...(input.assignedTo === undefined ? {} : { assignedTo: input.assignedTo }),
    ...(input.source === undefined ? {} : { source: input.source }),
    ...(input.lostReasonId === undefined ? {} : { lostReasonId: input.lostReasonId }),
    ...(input.customFields === undefined ? {} : { customFields: input.customFields }),
    ...(input.forecastProbability === undefined ? {} : { forecastProbability: input.forecastProbability }),
    ...(input.forecastExpectedCloseDate === undefined
      ? {}
      : { forecastExpectedCloseDate: input.forecastExpectedCloseDate }),
  };
}
