import { isV3 } from '../http/api-version.ts';
import { ok, refusal } from '../http/reply.ts';
import type { Reply } from '../http/reply.ts';
import type { Call } from '../http/route.ts';
import { validate } from '../http/validate.ts';
import type { Opportunity } from '../world/records.ts';
import { getCallLocation } from './lookup.ts';
import {
  changeOf,
  opportunityUpsertByContactSchema,
  opportunityUpsertByIdSchema,
  opportunityUpsertByIdSchemaV3,
  opportunityUpsertSchema,
  opportunityUpsertSchemaV3,
} from './opportunity-input.ts';
import { viewOpportunity } from './opportunity-view.ts';
import { createOpportunity, setFollowers, updateOpportunity } from './opportunity-writes.ts';

/**
 * Answers `POST /opportunities/upsert` by the contract that is set: the older finds by contact and pipeline, the one
 * published in May 2026 by the opportunity's own id and requires followers. Which one is real is not known.
 */
export function upsertOpportunity(call: Call): Reply {
  const { locationId, pipelineId, contactId, id, followers, ...rest } = readBody(call);
  getCallLocation(call, locationId);
  const { isRemoveAllFollowers, followersActionType, ...given } = rest;
  const change = changeOf({ ...given, pipelineId });
  const existing = findTarget(call, locationId, pipelineId, { id, contactId });
  if (!existing && !contactId) throw refusal(422, ['contactId should not be empty', 'contactId must be a string']);
  const place = { locationId, pipelineId, contactId: contactId ?? '' };
  const written = existing
    ? updateOpportunity(call.sim, existing, change)
    : createOpportunity(call.sim, place, { ...change, name: change.name ?? 'Opportunity' });
  const opportunity = setFollowers(
    call.sim,
    written,
    followersAfter(isRemoveAllFollowers ? [] : written.followers, followers ?? [], followersActionType),
  );
  const answer = { opportunity: viewOpportunity(call.sim.world, opportunity), new: !existing };
  return ok(isV3(call) ? { success: true, ...answer } : answer);
}

function readBody(call: Call): ReturnType<typeof opportunityUpsertSchemaV3.parse> {
  switch (call.sim.behaviour.opportunityUpsert) {
    case 'both':
      return validate(isV3(call) ? opportunityUpsertSchemaV3 : opportunityUpsertSchema, call.body);
    case 'by-contact':
      return validate(opportunityUpsertByContactSchema, call.body);
    case 'by-id':
      return validate(isV3(call) ? opportunityUpsertByIdSchemaV3 : opportunityUpsertByIdSchema, call.body);
  }
}

function findTarget(
  call: Call,
  locationId: string,
  pipelineId: string,
  by: { id?: string | undefined; contactId?: string | undefined },
): Opportunity | undefined {
  for (const opportunity of call.sim.world.opportunities.values()) {
    if (opportunity.locationId !== locationId) continue;
    if (by.id && opportunity.id === by.id) return opportunity;
    if (!by.id && by.contactId === opportunity.contactId && opportunity.pipelineId === pipelineId) return opportunity;
  }
  return undefined;
}

function followersAfter(before: string[], named: string[], action: 'add' | 'remove' | undefined): string[] {
  if (action === 'remove') return before.filter((userId) => !named.includes(userId));
  return [...new Set([...before, ...named])];
}
