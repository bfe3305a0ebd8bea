import type { Fields } from '../domain/mirror.ts';
import type { PolledResource } from '../domain/poll-rules.ts';
import { listCalendarEvents, listCalendars, getAppointment } from '../ghl/calendars.ts';
import { getConversation, searchConversations, type ConversationCursor } from '../ghl/conversations.ts';
import { listCustomFields } from '../ghl/location-setup.ts';
import { getOpportunity, listChangedOpportunities, listOpportunities, listPipelines } from '../ghl/opportunities.ts';
import type { GhlOpportunity, OpportunityCursor, OpportunitySearchCursor } from '../ghl/opportunity-schema.ts';
import { pageByOffset } from '../ghl/page.ts';
import { getUser, searchUsers } from '../ghl/users.ts';
import { readGhlTime } from '../domain/ghl-time.ts';
import { observeAppointment, observeConversation, observeOpportunity } from './mirror-observations.ts';
import { contactSource } from './poll-contacts.ts';
import { messageSource } from './poll-messages.ts';
import { asListed, type Found, type Listed, type Listing, type PollSource, unlessGone } from './poll-source.ts';
import { observeCustomField, observePipeline, observeUser } from './setup-observations.ts';

/** GHL's longest pages. */
const PAGE = 100;

const whole = {
  isPartial: () => false,
  believe: (_known: Fields | undefined, listed: Fields): Fields => listed,
};

const opportunityFound = (opportunity: GhlOpportunity, askedAt: Date): Found => {
  const seen = observeOpportunity(opportunity, askedAt);
  const { id, contactId, status, assignedTo, createdAt } = opportunity;
  const facts = {
    kind: 'opportunity' as const,
    type: 'OpportunityUpdate',
    ghlOpportunityId: id,
    ghlContactId: contactId,
    opportunityCreatedAt: seen.ghlCreatedAt,
    status,
    assignedTo,
    isCut: false,
  };
  return { seen, told: { facts, body: { ...opportunity, dateAdded: createdAt } } };
};

const listedOpportunity = (opportunity: GhlOpportunity, askedAt: Date): Listed => {
  const found = opportunityFound(opportunity, askedAt);
  return { ...found, seen: asListed(found.seen), changedAt: found.seen.ghlUpdatedAt };
};

/** Two searches: one is sorted by the last change, the other is the older and better known. */
const opportunitySource: PollSource = {
  ...whole,
  changes: {
    order: 'newest-first',
    async list({ ghl, call, after, askedAt }) {
      const cursor = (after as OpportunitySearchCursor | null) ?? undefined;
      const { items, next } = await listChangedOpportunities(ghl, call, { limit: PAGE }, cursor);
      return { items: items.map((each) => listedOpportunity(each, askedAt)), next };
    },
  },
  async listAll({ ghl, call, after, askedAt }) {
    const cursor = (after as OpportunityCursor | null) ?? undefined;
    const { items, next } = await listOpportunities(ghl, call, { limit: PAGE }, cursor);
    return { items: items.map((each) => listedOpportunity(each, askedAt)), next };
  },
  read: ({ ghl, call, askedAt }, id) =>
    unlessGone(async () => opportunityFound(await getOpportunity(ghl, call, id), askedAt)),
};

async function listConversations({ ghl, call, after, askedAt }: Listing) {
  const cursor = (after as ConversationCursor | null) ?? undefined;
  const page = await searchConversations(ghl, call, { limit: PAGE, status: 'all' }, cursor);
  const items = page.items.map((each): Listed => ({
    seen: asListed(observeConversation(each, askedAt)),
    changedAt: each.lastMessageDate === null ? null : new Date(each.lastMessageDate),
  }));
  return { items, next: page.next };
}

const conversationSource: PollSource = {
  ...whole,
  changes: { order: 'newest-first', list: listConversations },
  listAll: listConversations,
  read: ({ ghl, call, askedAt }, id) =>
    unlessGone(async () => ({ seen: observeConversation(await getConversation(ghl, call, id), askedAt) })),
};

/** GHL answers a span in one piece. */
const SPAN_MS = 30 * 86_400_000;

const windowOf = ({ policy, startedAt }: Pick<Listing, 'policy' | 'startedAt'>) => ({
  fromMs: startedAt.getTime() - policy.appointments.pastMs,
  toMs: startedAt.getTime() + policy.appointments.aheadMs,
});

/** By calendar and span of time, because GHL tells no events without naming both. */
const appointmentSource: PollSource = {
  ...whole,
  async listAll(listing) {
    const { ghl, call, askedAt } = listing;
    const { fromMs, toMs } = windowOf(listing);
    const after = listing.after as { calendarId: string; fromMs: number } | null;
    const calendarIds = (await listCalendars(ghl, call)).map(({ id }) => id).sort();
    const calendarId = calendarIds.find((id) => after === null || id >= after.calendarId);
    if (calendarId === undefined) return { items: [], next: null };
    const beginMs = after?.calendarId === calendarId ? after.fromMs : fromMs;
    const endMs = Math.min(beginMs + SPAN_MS, toMs);
    const span = { calendarId, from: new Date(beginMs), to: new Date(endMs) };
    const items = (await listCalendarEvents(ghl, call, span)).map((each): Listed => {
      const seen = asListed(observeAppointment(each, askedAt));
      return { seen, changedAt: seen.ghlUpdatedAt };
    });
    const later = calendarIds.find((id) => id > calendarId);
    const ofLater = later === undefined ? null : { calendarId: later, fromMs };
    return { items, next: endMs < toMs ? { calendarId, fromMs: endMs } : ofLater };
  },
  read: ({ ghl, call, askedAt }, id) =>
    unlessGone(async () => ({ seen: observeAppointment(await getAppointment(ghl, call, id), askedAt) })),
  covers(startsAt, listing) {
    const { fromMs, toMs } = windowOf(listing);
    // A day less at both ends: the list goes by another clock than ours.
    const marginMs = Math.min(86_400_000, (toMs - fromMs) / 10);
    return startsAt !== null && startsAt.getTime() > fromMs + marginMs && startsAt.getTime() < toMs - marginMs;
  },
};

const userSource: PollSource = {
  ...whole,
  async listAll({ ghl, call, after, askedAt }) {
    const skip = (after as number | null) ?? 0;
    const { users } = await searchUsers(ghl, call, { skip, limit: PAGE });
    const { next } = pageByOffset(users, skip, PAGE);
    const items = users
      .filter((user) => user.deleted !== true)
      .map((user): Listed => ({ seen: asListed(observeUser(user, askedAt)), changedAt: null }));
    return { items, next };
  },
  read: ({ ghl, call, askedAt }, id) =>
    unlessGone(async () => {
      const user = await getUser(ghl, call, id);
      const { locationIds } = user.roles;
      const isElsewhere = locationIds.length > 0 && !locationIds.includes(call.resource.ghlLocationId);
      return user.deleted === true || isElsewhere ? undefined : { seen: observeUser(user, askedAt) };
    }),
};

/** Lists in one piece of what GHL cannot be asked for one by one. */
const customFieldSource: PollSource = {
  ...whole,
  async listAll({ ghl, call, askedAt }) {
    const fields = await listCustomFields(ghl, call);
    return { items: fields.map((each) => ({ seen: observeCustomField(each, askedAt), changedAt: null })), next: null };
  },
};

const pipelineSource: PollSource = {
  ...whole,
  async listAll({ ghl, call, askedAt }) {
    const pipelines = await listPipelines(ghl, call);
    return { items: pipelines.map((each) => ({ seen: observePipeline(each, askedAt), changedAt: null })), next: null };
  },
};

export const POLL_SOURCES: Record<PolledResource, PollSource> = {
  contact: contactSource,
  opportunity: opportunitySource,
  conversation: conversationSource,
  message: messageSource,
  appointment: appointmentSource,
  user: userSource,
  'custom-field': customFieldSource,
  pipeline: pipelineSource,
};

/** When a record starts, for those that have a time of their own. */
export const startOf = (fields: Fields): Date | null => {
  const { startTime } = fields;
  return typeof startTime === 'string' ? readGhlTime(startTime) : null;
};
