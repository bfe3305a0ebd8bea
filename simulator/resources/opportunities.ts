import { z } from 'zod';
import { checkLocation } from '../http/access.ts';
import { ok, refusal } from '../http/reply.ts';
import type { Call, Route } from '../http/route.ts';
import { validate } from '../http/validate.ts';
import type { Opportunity } from '../world/records.ts';
import { getCallLocation } from './lookup.ts';
import {
  changeOf,
  opportunityCreateSchema,
  opportunityStatusChangeSchema,
  opportunityUpdateSchema,
  opportunityUpsertSchema,
} from './opportunity-input.ts';
import { searchOpportunities } from './opportunity-search.ts';
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
  {
    ...write,
    method: 'post',
    path: '/opportunities/upsert',
    handle(call) {
      const input = validate(opportunityUpsertSchema, call.body);
      getCallLocation(call, input.locationId);
      const { locationId, pipelineId, contactId, id, followers: _f, ...fields } = input;
      const { isRemoveAllFollowers: _r, followersActionType: _a, ...given } = fields;
      const change = changeOf({ ...given, pipelineId });
      const existing = findUpsertTarget(call, locationId, pipelineId, { id, contactId });
      if (existing) return ok({ opportunity: view(call, updateOpportunity(call.sim, existing, change)), new: false });
      if (!contactId) throw refusal(422, ['contactId should not be empty', 'contactId must be a string']);
      const place = { locationId, pipelineId, contactId };
      const opportunity = createOpportunity(call.sim, place, { ...change, name: change.name ?? 'Opportunity' });
      return ok({ opportunity: view(call, opportunity), new: true });
    },
  },
  {
    ...write,
    method: 'post',
    path: '/opportunities/',
    handle(call) {
      const { locationId, contactId, name, ...input } = validate(opportunityCreateSchema, call.body);
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
      return ok({ succeded: true });
    },
  },
  {
    ...write,
    method: 'put',
    path: single,
    handle(call) {
      const change = changeOf(validate(opportunityUpdateSchema, call.body));
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

function findUpsertTarget(
  call: Call,
  locationId: string,
  pipelineId: string,
  by: { id: string | undefined; contactId: string | undefined },
): Opportunity | undefined {
  for (const opportunity of call.sim.world.opportunities.values()) {
    if (opportunity.locationId !== locationId) continue;
    if (by.id && opportunity.id === by.id) return opportunity;
    if (!by.id && by.contactId === opportunity.contactId && opportunity.pipelineId === pipelineId) return opportunity;
  }
  return undefined;
}

function view(call: Call, opportunity: Opportunity): Record<string, unknown> {
  return viewOpportunity(call.sim.world, opportunity);
}
