import { z } from 'zod';
import { looseNumber, looseText } from './loose-fields.ts';

export const opportunityFieldsSchema = z.object({
  id: z.string().min(1),
  locationId: looseText,
  name: looseText,
  pipelineId: looseText,
  pipelineStageId: looseText,
  status: looseText,
  monetaryValue: looseNumber,
  assignedTo: looseText,
  contactId: looseText,
  source: looseText,
});

/** One endpoint gives dates as `createdAt`, webhooks as `dateAdded`; search nests the contact. */
export const opportunitySchema = opportunityFieldsSchema.extend({ createdAt: looseText, updatedAt: looseText });
export type GhlOpportunity = z.output<typeof opportunitySchema>;

const meta = z.object({ startAfter: z.union([z.number(), z.string()]), startAfterId: z.string().min(1) });
export const opportunityPageSchema = z.object({
  opportunities: z.array(opportunitySchema),
  /** The place of the last one; null where GHL does not tell it. */
  meta: meta.nullish().catch(null),
});
/** After which opportunity to go on: its date of creation in milliseconds and its id. */
export type OpportunityCursor = z.infer<typeof meta>;

const opportunityStatusSchema = z.enum(['open', 'won', 'lost', 'abandoned']);
export type OpportunityStatus = z.output<typeof opportunityStatusSchema>;

export const opportunityUpdateBodySchema = z.object({
  pipelineId: z.string().optional(),
  pipelineStageId: z.string().optional(),
  name: z.string().optional(),
  status: opportunityStatusSchema.optional(),
  monetaryValue: z.number().optional(),
  assignedTo: z.string().nullable().optional(),
});
export type OpportunityUpdateFields = z.input<typeof opportunityUpdateBodySchema>;

export const opportunityUpsertBodySchema = opportunityUpdateBodySchema.extend({
  locationId: z.string().min(1),
  pipelineId: z.string().min(1),
  contactId: z.string().min(1),
});
export type OpportunityUpsertFields = Omit<z.input<typeof opportunityUpsertBodySchema>, 'locationId'>;

export const opportunityStatusBodySchema = z.object({ status: opportunityStatusSchema });

const stageSchema = z.object({ id: z.string().min(1), name: looseText, position: looseNumber });
export const pipelineSchema = z.object({ id: z.string().min(1), name: looseText, stages: z.array(stageSchema) });
export type GhlPipeline = z.output<typeof pipelineSchema>;
