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
  source: z.string().nullish(),
  lostReasonId: z.string().nullish(),
  customFields: z.array(customFieldInputSchema).optional(),
};

/** Body of `POST /opportunities/`. */
export const opportunityCreateSchema = z.strictObject({
  ...changeable,
  locationId: id,
  pipelineId: id,
  contactId: id,
  name: z.string().min(1),
  status: opportunityStatusSchema,
});

const followersActionType = z.enum(['add', 'remove']);

/** Body of `POST /opportunities/upsert`: the contract of before September 2025 and that of May 2026 are both taken. */
export const opportunityUpsertSchema = z.strictObject({
  ...changeable,
  locationId: id,
  pipelineId: id,
  contactId: id.optional(),
  id: id.optional(),
  followers: z.array(z.string()).optional(),
  isRemoveAllFollowers: z.boolean().optional(),
  followersActionType: followersActionType.optional(),
});

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
  locationId: id,
  pipelineId: id,
  id: id.optional(),
  followers: z.array(z.string()),
  isRemoveAllFollowers: z.boolean(),
  followersActionType,
});

/** Body of `PUT /opportunities/{id}`. */
export const opportunityUpdateSchema = z.strictObject(changeable);

/** Body of `PUT /opportunities/{id}/status`. */
export const opportunityStatusChangeSchema = z.strictObject({
  status: opportunityStatusSchema,
  lostReasonId: z.string().nullish(),
});

/** Returns the change without the fields that were not given, so that writing it clears nothing. */
export function changeOf(input: z.output<typeof opportunityUpdateSchema>): OpportunityChange {
  const { name, pipelineId, pipelineStageId, status, monetaryValue, assignedTo, source, lostReasonId, customFields } =
    input;
  return {
    ...(name === undefined ? {} : { name }),
    ...(pipelineId === undefined ? {} : { pipelineId }),
    ...(pipelineStageId === undefined ? {} : { pipelineStageId }),
    ...(status === undefined ? {} : { status }),
    ...(monetaryValue === undefined ? {} : { monetaryValue }),
    ...(assignedTo === undefined ? {} : { assignedTo }),
    ...(source === undefined ? {} : { source }),
    ...(lostReasonId === undefined ? {} : { lostReasonId }),
    ...(customFields === undefined ? {} : { customFields }),
  };
}
