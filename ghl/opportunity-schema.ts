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

const place = z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])).min(1);
/** Where to go on in a search: behind a place, or on a page where GHL tells no places. */
export type OpportunitySearchCursor = { searchAfter: z.infer<typeof place> } | { page: number };

/** `filters` are left out: nothing here asks for them. GHL's own document on this search describes both. */
export const opportunitySearchBodySchema = z.object({
  locationId: z.string().min(1),
  limit: z.number().int().min(1).max(500),
  sort: z.array(z.object({ field: z.enum(['date_added', 'date_updated']), direction: z.enum(['asc', 'desc']) })).min(1),
  searchAfter: place.optional(),
  page: z.number().int().min(1).optional(),
});

/** By which name a document tells its place is not published: that of contacts, or the index's own. */
export const opportunitySearchResponseSchema = z.object({
  opportunities: z.array(
    opportunitySchema.extend({ searchAfter: place.nullish().catch(null), sort: place.nullish().catch(null) }),
  ),
});

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
