import { z } from 'zod';
import { checkLocation } from '../http/access.ts';
import { isV3 } from '../http/api-version.ts';
import { ok } from '../http/reply.ts';
import type { Call, Route } from '../http/route.ts';
import { validate } from '../http/validate.ts';
import type { Opportunity } from '../world/records.ts';
import { getCallLocation } from './lookup.ts';
import {
  changeOf,
  opportunityCreateSchema,
  opportunityCreateSchemaV3,
  opportunityStatusChangeSchema,
  opportunityUpdateSchema,
  opportunityUpdateSchemaV3,
} from './opportunity-input.ts';
import { searchOpportunities } from './opportunity-search.ts';
import { upsertOpportunity } from './opportunity-upsert.ts';
import { viewOpportunity } from './opportunity-view.ts';
import { createOpportunity, deleteOpportunity, getOpportunity, updateOpportunity } from './opportunity-writes.ts';

const write = { access: 'location', scope: 'opportunities.write' } as const;
const read = { access: 'location', scope: 'opportunities.readonly' } as const;
const single = '/opportunities/:opportunityId';

export const opportunityRoutes: Route[] = [
  {
    ...read,
    method: 'get',
    path: '/opportunities/pipelines',
    handle(call) {
      const { locationId } = validate(z.strictObject({ locationId: z.string().min(1) }), call.query);
      getCallLocation(call, locationId);
      const pipelines = [...call.sim.world.pipelines.values()].filter((pipeline) => pipeline.locationId === locationId);
      return ok({ pipelines });
    },
  },
  { ...read, method: 'get', path: '/opportunities/search', handle: searchOpportunities },
  { ...write, method: 'post', path: '/opportunities/upsert', handle: upsertOpportunity },
  {
    ...write,
    method: 'post',
    path: '/opportunities/',
    handle(call) {
      const schema = isV3(call) ? opportunityCreateSchemaV3 : opportunityCreateSchema;
      const { locationId, contactId, name, ...input } = validate(schema, call.body);
      getCallLocation(call, locationId);
      const place = { locationId, contactId, pipelineId: input.pipelineId };
      const opportunity = createOpportunity(call.sim, place, { ...changeOf(input), name });
      return ok({ opportunity: view(call, opportunity) }, 201);
    },
  },
  { ...read, method: 'get', path: single, handle: (call) => ok({ opportunity: view(call, getOwn(call)) }) },
  {
    ...write,
    method: 'put',
    path: `${single}/status`,
    handle(call) {
      const change = changeOf(validate(opportunityStatusChangeSchema, call.body));
      updateOpportunity(call.sim, getOwn(call), change);
      return ok(isV3(call) ? { success: true, succeded: true } : { succeded: true });
    },
  },
  {
    ...write,
    method: 'put',
    path: single,
    handle(call) {
      const change = changeOf(validate(isV3(call) ? opportunityUpdateSchemaV3 : opportunityUpdateSchema, call.body));
      return ok({ opportunity: view(call, updateOpportunity(call.sim, getOwn(call), change)) });
    },
  },
  {
    ...write,
    method: 'delete',
    path: single,
    handle(call) {
      deleteOpportunity(call.sim, getOwn(call));
      return ok({ succeded: true });
    },
  },
];

function getOwn(call: Call): Opportunity {
  const opportunity = getOpportunity(call.sim, call.params['opportunityId'] ?? '');
  checkLocation(call, opportunity.locationId);
  return opportunity;
}

function view(call: Call, opportunity: Opportunity): Record<string, unknown> {
  return viewOpportunity(call.sim.world, opportunity);
}
