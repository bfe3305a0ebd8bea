import type { IncomingHttpHeaders } from 'node:http';
import type { ContactChange } from '../domain/contact-change.ts';
import type { EventFacts } from '../domain/event-plan.ts';
import { readGhlTime } from '../domain/ghl-time.ts';
import { type GhlEvent, type ParsedGhlEvent, parseGhlEvent } from '../ghl/webhooks.ts';
import { type EventKey, keyOfContent, keyOfId } from './event-key.ts';
import { recordOf } from './ghl-record.ts';
import { readJsonBody } from './json-body.ts';

type Envelope = ParsedGhlEvent['envelope'];

/** What a signed delivery says, as far as intake needs it. */
export interface GhlDelivery {
  key: EventKey;
  type: string;
  /** Why it cannot be read; null when it can. */
  unreadable: 'not-json' | 'nul-character' | 'envelope' | 'payload' | 'oversized-id' | null;
  /** GHL's catalogue lists the type. */
  isListed: boolean;
  isInstall: boolean;
  ghlLocationId: string | null;
  ghlCompanyId: string | null;
  ghlContactId: string | null;
  occurredAt: Date | null;
  facts: EventFacts;
  /** The record it names. */
  change: ContactChange | null;
}

/** GHL's help text names the header without saying how it is spelt. */
const DELIVERY_ID_HEADERS = ['deliveryid', 'x-delivery-id', 'delivery-id'];
const MAX_ID_LENGTH = 200;

/** Reads a delivery whose signature was right. Never throws: what cannot be read says why. */
export function readGhlDelivery(rawBody: Buffer, headers: IncomingHttpHeaders): GhlDelivery {
  const body = readJsonBody(rawBody);
  const parsed = parseGhlEvent(body.json);
  const envelope = isStorable(parsed.envelope) ? parsed.envelope : null;
  const event = parsed.outcome === 'event' ? parsed.event : undefined;
  const facts: EventFacts = event ? factsOf(event) : { kind: 'other' };
  const change = (event && recordOf(event)) ?? null;
  const ids = [...idsOf(facts), change?.ghlId, change?.ghlContactId, change?.conversationId];
  const isOversized = [envelope?.locationId, envelope?.companyId, ...ids].some(
    (id) => (id?.length ?? 0) > MAX_ID_LENGTH,
  );
  const unreadable = body.outcome === 'json' ? (isOversized ? 'oversized-id' : whyUnreadable(parsed)) : body.outcome;
  const type = envelope?.type ?? 'unknown';
  const known = {
    key: keyOf(envelope, type, ids[0] ?? '', rawBody, headers),
    type,
    unreadable,
    isListed: parsed.outcome === 'event' || (parsed.outcome === 'other' && parsed.isListed),
    isInstall: type === 'INSTALL',
    occurredAt: readGhlTime(envelope?.timestamp),
  };
  if (isOversized) {
    const nothing = { ghlLocationId: null, ghlCompanyId: null, ghlContactId: null, change: null };
    return { ...known, ...nothing, facts: { kind: 'other' } };
  }
  return {
    ...known,
    ghlLocationId: envelope?.locationId ?? null,
    ghlCompanyId: envelope?.companyId ?? null,
    ghlContactId: unreadable === null ? (change?.ghlContactId ?? null) : null,
    facts: unreadable === null ? facts : { kind: 'other' },
    change: unreadable === null ? change : null,
  };
}

const whyUnreadable = (parsed: ParsedGhlEvent): GhlDelivery['unreadable'] =>
  parsed.outcome === 'unreadable' ? parsed.reason : null;

const isStorable = (envelope: Envelope): boolean =>
  envelope !== null && !Object.values(envelope).some((value) => typeof value === 'string' && value.includes('\u0000'));

/** The id of the event's subject first. */
const idsOf = (facts: EventFacts): (string | null)[] => {
  if (facts.kind === 'contact') return [facts.ghlContactId];
  return facts.kind === 'opportunity' ? [facts.ghlOpportunityId, facts.ghlContactId, facts.assignedTo] : [];
};

function keyOf(envelope: Envelope, type: string, id: string, rawBody: Buffer, headers: IncomingHttpHeaders): EventKey {
  const deliveryId = DELIVERY_ID_HEADERS.map((name) => headers[name]).find((value) => typeof value === 'string');
  const given = envelope?.webhookId ?? (typeof deliveryId === 'string' && deliveryId !== '' ? deliveryId : null);
  return given === null ? keyOfContent([type, id, rawBody]) : keyOfId(given);
}

function factsOf(event: GhlEvent): EventFacts {
  switch (event.type) {
    case 'ContactCreate':
    case 'ContactUpdate':
    case 'ContactDelete':
    case 'ContactTagUpdate':
    case 'ContactDndUpdate':
      return {
        kind: 'contact',
        type: event.type,
        ghlContactId: event.id,
        // A create without its date happened when it was sent; an update tells nothing about the contact's age.
        contactCreatedAt:
          readGhlTime(event.dateAdded) ?? (event.type === 'ContactCreate' ? readGhlTime(event.timestamp) : null),
        source: event.source,
        assignedTo: event.assignedTo,
        tags: event.tags,
        customFields: event.customFields,
        isCut: event.payloadTooLarge === true,
      };
    case 'OpportunityCreate':
    case 'OpportunityUpdate':
    case 'OpportunityDelete':
    case 'OpportunityStageUpdate':
    case 'OpportunityStatusUpdate':
    case 'OpportunityMonetaryValueUpdate':
    case 'OpportunityAssignedToUpdate':
      return {
        kind: 'opportunity',
        type: event.type,
        ghlOpportunityId: event.id,
        ghlContactId: event.contactId,
        opportunityCreatedAt: readGhlTime(event.dateAdded),
        status: event.status,
        assignedTo: event.assignedTo,
        isCut: event.payloadTooLarge === true,
      };
    case 'UserCreate':
    case 'UserUpdate':
    case 'UserDelete':
    case 'INSTALL':
    case 'UNINSTALL':
      return { kind: 'account' };
    default:
      return { kind: 'other' };
  }
}
