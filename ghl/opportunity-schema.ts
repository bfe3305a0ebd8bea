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
