import { z } from 'zod';
import { checkLocation } from '../http/access.ts';
import { ok } from '../http/reply.ts';
import type { Call, Route } from '../http/route.ts';
import { validate } from '../http/validate.ts';
import type { Opportunity } from '../world/records.ts';
import { getCallLocation } from './lookup.ts';
import { cursorOf, inOrder, placeAfter, sortSchema } from './opportunity-order.ts';
import { viewOpportunity } from './opportunity-view.ts';
import { getOpportunity, setFollowers } from './opportunity-writes.ts';

const id = z.string().min(1);
const text = z.string().optional();
const lostReasonSchema = z.strictObject({
  locationId: id,
  name: text,
  query: text,
  deleted: z.enum(['true', 'false']).optional(),
  getCount: text,
  skip: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});
/** The published schema requires all of it; the real one the location only. */
const advancedSchema = z.strictObject({
  locationId: id,
  query: z.string().default(''),
  limit: z.number().int().min(1).max(500).default(20),
  page: z.number().int().min(1).default(1),
  searchAfter: z.array(z.unknown()).optional(),
  /** Told in GHL's document on this search, and not in its published schema. */
  sort: sortSchema,
  additionalDetails: z
    .strictObject({
      notes: z.boolean().optional(),
      tasks: z.boolean().optional(),
      calendarEvents: z.boolean().optional(),
      unReadConversations: z.boolean().optional(),
    })
    .default({}),
});
const leaveSchema = z.strictObject({ isRemoveAllFollowers: z.enum(['true', 'false']).optional() });
const followersSchema = z.strictObject({ followers: z.array(id) });

const read = { access: 'location', scope: 'opportunities.readonly' } as const;
const write = { access: 'location', scope: 'opportunities.write' } as const;

export const opportunityListRoutes: Route[] = [
  {
    ...read,
    method: 'get',
    path: '/opportunities/lost-reason',
    handle(call) {
      const { locationId, name, query, deleted, skip, limit } = validate(lostReasonSchema, call.query);
      getCallLocation(call, locationId);
      const wanted = (name ?? query ?? '').toLowerCase();
      const found = call.sim.world.lostReasons
        .listBy('locationId', locationId)
        .filter((reason) => reason.deleted === (deleted === 'true') && reason.name.toLowerCase().includes(wanted));
      return ok({ lostReasons: found.slice(skip, skip + limit), total: found.length });
    },
  },
  {
    ...read,
    method: 'post',
    path: '/opportunities/search',
    handle(call) {
      const { locationId, query, limit, page, searchAfter, sort, additionalDetails } = validate(
        advancedSchema,
        call.body,
      );
      getCallLocation(call, locationId);
      const wanted = query.toLowerCase();
      const all = [...call.sim.world.opportunities.values()];
      const found = inOrder(
        all.filter((one) => one.locationId === locationId && one.name.toLowerCase().includes(wanted)),
        sort,
      );
      const from = searchAfter ? placeAfter(found, searchAfter, sort) : (page - 1) * limit;
      const opportunities = found.slice(from, from + limit).map((one) => ({
        ...viewOpportunity(call.sim.world, one),
        ...detailsOf(call, one, additionalDetails),
        sort: cursorOf(one, sort),
      }));
      return ok({ opportunities, total: found.length, aggregations: {} });
    },
  },
  {
    ...write,
    method: 'post',
    path: '/opportunities/:opportunityId/followers',
    handle(call) {
      const { followers } = validate(followersSchema, call.body);
      const before = getOwn(call);
      const followersAdded = followers.filter((userId) => !before.followers.includes(userId));
      const after = setFollowers(call.sim, before, [...before.followers, ...followersAdded]);
      return ok({ followers: after.followers, followersAdded }, 201);
    },
  },
  {
    ...write,
    method: 'delete',
    path: '/opportunities/:opportunityId/followers',
    handle(call) {
      const { isRemoveAllFollowers } = validate(leaveSchema, call.query);
      const before = getOwn(call);
      const all = isRemoveAllFollowers === 'true';
      const leaving = all ? before.followers : validate(followersSchema, call.body).followers;
      const after = setFollowers(
        call.sim,
        before,
        before.followers.filter((userId) => !leaving.includes(userId)),
      );
      const followersRemoved = before.followers.filter((userId) => leaving.includes(userId));
      return ok({ followers: after.followers, followersRemoved });
    },
  },
];

function getOwn(call: Call): Opportunity {
  const opportunity = getOpportunity(call.sim, call.params['opportunityId'] ?? '');
  checkLocation(call, opportunity.locationId);
  return opportunity;
}

function detailsOf(
  call: Call,
  { contactId }: Opportunity,
  wanted: z.output<typeof advancedSchema>['additionalDetails'],
): Record<string, unknown> {
  const { notes, tasks, appointments, conversations } = call.sim.world;
  const ofContact = (record: { contactId: string }): boolean => record.contactId === contactId;
  const [conversation] = conversations.listBy('contactId', contactId);
  return {
    ...(wanted.notes ? { notes: [...notes.values()].filter(ofContact) } : {}),
    ...(wanted.tasks ? { tasks: [...tasks.values()].filter(ofContact) } : {}),
    ...(wanted.calendarEvents ? { calendarEvents: appointments.listBy('contactId', contactId) } : {}),
    ...(wanted.unReadConversations ? { unreadConversations: conversation?.unreadCount ?? 0 } : {}),
  };
}
