import { z } from 'zod';
import { isV3 } from '../http/api-version.ts';
import { ok, refusal } from '../http/reply.ts';
import type { Reply } from '../http/reply.ts';
import type { Call } from '../http/route.ts';
import { validate } from '../http/validate.ts';
import type { Opportunity } from '../world/records.ts';
import { getCallLocation } from './lookup.ts';
import { viewOpportunity } from './opportunity-view.ts';

const text = z.string().optional();
const dayMs = 86_400_000;

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

/**
 * Answers `GET /opportunities/search`: newest first unless told otherwise, by page or after a cursor. The cursor is a place
 * and not a record: it holds when what stood there is gone.
 */
export function searchOpportunities(call: Call): Reply {
  const search = validate(isV3(call) ? searchSchemaV3 : searchSchema, call.query);
  getCallLocation(call, search.location_id);
  const sign = search.order === 'added_asc' ? 1 : -1;
  const found = [...call.sim.world.opportunities.values()]
    .filter((opportunity) => fits(opportunity, search))
    .sort((a, b) => compare(placeOf(a), placeOf(b), sign));
  const cursor = readCursor(search);
  const atCursor = cursor ? found.findIndex((one) => compare(placeOf(one), cursor, sign) > 0) : -1;
  const from = cursor ? (atCursor < 0 ? found.length : atCursor) : (search.page - 1) * search.limit;
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

type Place = [atMs: number, id: string];

function placeOf({ createdAt, id }: Opportunity): Place {
  return [Date.parse(createdAt), id];
}

function compare(a: Place, b: Place, sign: number): number {
  return sign * (a[0] - b[0]) || a[1].localeCompare(b[1]);
}

/** Both halves of the cursor are needed: the time of one alone is shared by others. */
function readCursor({ startAfter, startAfterId }: Search): Place | undefined {
  return startAfter !== undefined && startAfterId ? [Number(startAfter), startAfterId] : undefined;
}

/** `date` and `endDate` are written mm-dd-yyyy; the day at the end counts whole. */
function isWithin({ createdAt }: Opportunity, { date, endDate }: Search): boolean {
  const atMs = Date.parse(createdAt);
  return atMs >= dayOf(date, 'date', -Infinity) && atMs < dayOf(endDate, 'endDate', Infinity) + dayMs;
}

function dayOf(given: string | undefined, field: string, otherwise: number): number {
  if (given === undefined) return otherwise;
  const parts = /^(\d{2})-(\d{2})-(\d{4})$/.exec(given);
  if (!parts) throw refusal(422, [`${field} must be in mm-dd-yyyy format`]);
  return Date.UTC(Number(parts[3]), Number(parts[1]) - 1, Number(parts[2]));
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
  return (
    named && isWithin(opportunity, search) && wanted.every(([actual, value]) => value === undefined || actual === value)
  );
}
