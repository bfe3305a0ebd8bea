import { z } from 'zod';
import { looseFlag } from '../loose-fields.ts';
import * as opportunity from '../opportunity-schema.ts';
import { create, inGroup, read, remove, search, update } from './endpoint-groups.ts';

const opportunities = inGroup('opportunities');
const opportunityResponse = z.object({ opportunity: opportunity.opportunitySchema });
/** Spelled so by GHL, and beside `success` in the newer version. */
const done = z.object({ succeded: looseFlag });

export const opportunityOperations = {
  listPipelines: {
    ...opportunities,
    ...read,
    path: '/opportunities/pipelines',
    response: z.object({ pipelines: z.array(opportunity.pipelineSchema) }),
  },
  createOpportunity: {
    ...opportunities,
    ...create,
    path: '/opportunities/',
    body: opportunity.opportunityUpsertBodySchema,
    response: opportunityResponse,
  },
  upsertOpportunity: {
    ...opportunities,
    ...create,
    path: '/opportunities/upsert',
    body: opportunity.opportunityUpsertBodySchema,
    response: opportunityResponse.extend({ new: looseFlag }),
  },
  searchOpportunities: {
    ...opportunities,
    ...read,
    path: '/opportunities/search',
    response: opportunity.opportunityPageSchema,
  },
  searchOpportunitiesSorted: {
    ...opportunities,
    ...search,
    path: '/opportunities/search',
    body: opportunity.opportunitySearchBodySchema,
    response: opportunity.opportunitySearchResponseSchema,
  },
  getOpportunity: { ...opportunities, ...read, path: '/opportunities/:opportunityId', response: opportunityResponse },
  updateOpportunity: {
    ...opportunities,
    ...update,
    path: '/opportunities/:opportunityId',
    body: opportunity.opportunityUpdateBodySchema,
    response: opportunityResponse,
  },
  updateOpportunityStatus: {
    ...opportunities,
    ...update,
    path: '/opportunities/:opportunityId/status',
    body: opportunity.opportunityStatusBodySchema,
    response: done,
  },
  deleteOpportunity: { ...opportunities, ...remove, path: '/opportunities/:opportunityId', response: done },
} as const;
