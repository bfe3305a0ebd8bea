import type { GhlCalls, LocationCall } from './calls.ts';
import { GhlInvalidError } from './errors.ts';
import type {
  GhlOpportunity,
  GhlPipeline,
  OpportunityCursor,
  OpportunitySearchCursor,
  OpportunityStatus,
  OpportunityUpdateFields,
  OpportunityUpsertFields,
} from './opportunity-schema.ts';
import type { Page } from './page.ts';

/** All pipelines of the location with their stages. They change rarely. */
export async function listPipelines(ghl: GhlCalls, context: LocationCall): Promise<GhlPipeline[]> {
  const query = { locationId: context.resource.ghlLocationId };
  const answer = await ghl.call('listPipelines', { ...context, query });
  return answer.pipelines;
}

/** Creates the contact's opportunity in a pipeline or updates the one that is there. */
export async function upsertOpportunity(
  ghl: GhlCalls,
  context: LocationCall,
  fields: OpportunityUpsertFields,
): Promise<{ opportunity: GhlOpportunity; isNew: boolean }> {
  const body = { ...fields, locationId: context.resource.ghlLocationId };
  const answer = await ghl.call('upsertOpportunity', { ...context, body });
  return { opportunity: answer.opportunity, isNew: answer.new ?? false };
}

/** Creates another opportunity of the contact. Not repeatable: after an ambiguous failure look with `searchOpportunities` first. */
export async function createOpportunity(
  ghl: GhlCalls,
  context: LocationCall,
  fields: OpportunityUpsertFields,
): Promise<GhlOpportunity> {
  const body = { ...fields, locationId: context.resource.ghlLocationId };
  const answer = await ghl.call('createOpportunity', { ...context, body });
  return answer.opportunity;
}

/** The opportunities of one contact, at most 100. The search index lags writes by seconds. */
export async function searchOpportunities(
  ghl: GhlCalls,
  context: LocationCall,
  search: { contactId: string; pipelineId?: string; status?: OpportunityStatus },
): Promise<GhlOpportunity[]> {
  // This version of the endpoint takes snake case, unlike its neighbours.
  const query = {
    location_id: context.resource.ghlLocationId,
    contact_id: search.contactId,
    pipeline_id: search.pipelineId,
    status: search.status,
    limit: '100',
  };
  const answer = await ghl.call('searchOpportunities', { ...context, query });
  return answer.opportunities;
}

/**
 * One page of a location's opportunities, `limit` (at most 100) of them, newest first: those made meanwhile come before
 * the first page and are not seen.
 * @throws GhlError; GhlInvalidError `no-cursor` where GHL does not tell how to go on
 */
export async function listOpportunities(
  ghl: GhlCalls,
  context: LocationCall,
  search: { pipelineId?: string; status?: OpportunityStatus; limit: number },
  after?: OpportunityCursor,
): Promise<Page<GhlOpportunity, OpportunityCursor>> {
  const query = {
    location_id: context.resource.ghlLocationId,
    pipeline_id: search.pipelineId,
    status: search.status,
    limit: String(search.limit),
    startAfter: after && String(after.startAfter),
    startAfterId: after?.startAfterId,
  };
  const { opportunities, meta } = await ghl.call('searchOpportunities', { ...context, query });
  if (opportunities.length < search.limit) return { items: opportunities, next: null };
  if (!meta) throw new GhlInvalidError({ operation: 'searchOpportunities', reason: 'no-cursor' });
  return { items: opportunities, next: meta };
}

/** Pages reach so many records and no further. */
const PAGES_REACH = 10_000;

/**
 * One page of a location's opportunities, `limit` (at most 500) of them, the last changed first: one that changes meanwhile
 * comes before the first page and is not seen. The index lags writes by seconds. Where GHL tells no places the list ends at
 * 10,000 records.
 * @param after `next` of the page before
 * @throws GhlError; GhlForbiddenError where the app may not use this search
 */
export async function listChangedOpportunities(
  ghl: GhlCalls,
  context: LocationCall,
  { limit }: { limit: number },
  after?: OpportunitySearchCursor,
): Promise<Page<GhlOpportunity, OpportunitySearchCursor>> {
  const sort = [{ field: 'date_updated', direction: 'desc' }] as const;
  const body = { locationId: context.resource.ghlLocationId, limit, sort: [...sort], ...(after ?? { page: 1 }) };
  const { opportunities } = await ghl.call('searchOpportunitiesSorted', { ...context, body });
  const items = opportunities.map(({ searchAfter: _after, sort: _sort, ...opportunity }) => opportunity);
  if (items.length < limit) return { items, next: null };
  const last = opportunities.at(-1);
  const searchAfter = last?.searchAfter ?? last?.sort;
  if (searchAfter) return { items, next: { searchAfter } };
  const page = after && 'page' in after ? after.page : 1;
  return { items, next: page * limit < PAGES_REACH ? { page: page + 1 } : null };
}

/** Raises GhlNotFoundError for one that has been deleted. */
export async function getOpportunity(
  ghl: GhlCalls,
  context: LocationCall,
  opportunityId: string,
): Promise<GhlOpportunity> {
  const answer = await ghl.call('getOpportunity', { ...context, path: { opportunityId } });
  return answer.opportunity;
}

export async function updateOpportunity(
  ghl: GhlCalls,
  context: LocationCall,
  opportunityId: string,
  fields: OpportunityUpdateFields,
): Promise<GhlOpportunity> {
  const answer = await ghl.call('updateOpportunity', { ...context, path: { opportunityId }, body: { ...fields } });
  return answer.opportunity;
}

export async function updateOpportunityStatus(
  ghl: GhlCalls,
  context: LocationCall,
  opportunityId: string,
  status: OpportunityStatus,
): Promise<void> {
  await ghl.call('updateOpportunityStatus', { ...context, path: { opportunityId }, body: { status } });
}

/**
 * Removes an opportunity, for good.
 * @throws GhlNotFoundError when it is gone already, as after an answer that was lost
 */
export async function deleteOpportunity(ghl: GhlCalls, context: LocationCall, opportunityId: string): Promise<void> {
  await ghl.call('deleteOpportunity', { ...context, path: { opportunityId } });
}
