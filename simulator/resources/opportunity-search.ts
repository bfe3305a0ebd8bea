import { z } from 'zod';
import { isV3 } from '../http/api-version.ts';
import { ok } from '../http/reply.ts';
import type { Reply } from '../http/reply.ts';
import type { Call } from '../http/route.ts';
import { validate } from '../http/validate.ts';
import type { Opportunity } from '../world/records.ts';
import { getCallLocation } from './lookup.ts';
import { viewOpportunity } from './opportunity-view.ts';

const text = z.string().optional();

/** Query of `GET /opportunities/search`: snake_case here, unlike the rest of the API. */
const searchSchema = z.strictObject({
  location_id: z.string().min(1),
  pipeline_id: text,
  pipeline_stage_id: text,
  contact_id: text,
  status: z.enum(['open', 'won', 'lost', 'abandoned', 'all']).optional(),
  assigned_to: text,
  q: text,
  id: text,
  date: text,
  endDate: text,
  startAfter: text,
  startAfterId: text,
  page: z.coerce.number().int().min(1).default(1),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  order: text,
  getTasks: text,
  getNotes: text,
  getCalendarEvents: text,
  country: text,
  campaignId: text,
});
type Search = z.output<typeof searchSchema>;

/** The newer version spells the names as the rest of the API does. */
const searchSchemaV3 = searchSchema
  .omit({ location_id: true, pipeline_id: true, pipeline_stage_id: true, contact_id: true, assigned_to: true })
  .extend({
    locationId: z.string().min(1),
    pipelineId: text,
    pipelineStageId: text,
    contactId: text,
    assignedTo: text,
  })
  .transform(({ locationId, pipelineId, pipelineStageId, contactId, assignedTo, ...rest }) => ({
    ...rest,
    location_id: locationId,
    pipeline_id: pipelineId,
    pipeline_stage_id: pipelineStageId,
    contact_id: contactId,
    assigned_to: assignedTo,
  }));

/** Answers `GET /opportunities/search`: newest first, by page or after a cursor. */
export function searchOpportunities(call: Call): Reply {
  const search = validate(isV3(call) ? searchSchemaV3 : searchSchema, call.query);
  getCallLocation(call, search.location_id);
  const found = [...call.sim.world.opportunities.values()]
    .filter((opportunity) => fits(opportunity, search))
    .sort((a, b) => b.createdAt.localeCompare(a.createdAt) || a.id.localeCompare(b.id));
  const cursorAt = search.startAfterId ? found.findIndex(({ id }) => id === search.startAfterId) + 1 : 0;
  const from = cursorAt > 0 ? cursorAt : (search.page - 1) * search.limit;
  const page = found.slice(from, from + search.limit);
  const last = page.at(-1);
  const more = from + search.limit < found.length;
  return ok({
    opportunities: page.map((opportunity) => viewOpportunity(call.sim.world, opportunity)),
    meta: {
      total: found.length,
      nextPageUrl: more ? `/opportunities/search?location_id=${search.location_id}&page=${search.page + 1}` : null,
      startAfter: last ? Date.parse(last.createdAt) : null,
      startAfterId: last?.id ?? null,
      currentPage: search.page,
      nextPage: more ? search.page + 1 : null,
      prevPage: search.page > 1 ? search.page - 1 : null,
    },
    aggregations: {},
  });
}

function fits(opportunity: Opportunity, search: Search): boolean {
  const wanted: [string | null | undefined, string | undefined][] = [
    [opportunity.locationId, search.location_id],
    [opportunity.pipelineId, search.pipeline_id],
    [opportunity.pipelineStageId, search.pipeline_stage_id],
    [opportunity.contactId, search.contact_id],
    [opportunity.assignedTo, search.assigned_to],
    [opportunity.id, search.id],
    [opportunity.status, search.status === 'all' ? undefined : search.status],
  ];
  const named = !search.q || opportunity.name.toLowerCase().includes(search.q.toLowerCase());
  return named && wanted.every(([actual, value]) => value === undefined || actual === value);
}
