import { createHash } from 'node:crypto';
import type { ContactChange } from '../domain/contact-change.ts';
import type { GhlEvent } from '../ghl/webhooks.ts';

/** The record that an event names, to be read from GHL; undefined when it names none, or one that is not mirrored. */
export function recordOf(event: GhlEvent): ContactChange | undefined {
  switch (event.type) {
    case 'ContactCreate':
      return asCreation(name('contact', event.id, event.id));
    case 'ContactUpdate':
    case 'ContactDelete':
    case 'ContactTagUpdate':
    case 'ContactDndUpdate':
      return name('contact', event.id, event.id);
    case 'OpportunityCreate':
      return asCreation(name('opportunity', event.id, event.contactId));
    case 'OpportunityUpdate': {
      const change = name('opportunity', event.id, event.contactId);
      return change && event.payloadTooLarge !== true ? { ...change, digest: digestOpportunity(event) } : change;
    }
    case 'OpportunityDelete':
    case 'OpportunityStageUpdate':
    case 'OpportunityStatusUpdate':
    case 'OpportunityMonetaryValueUpdate':
    case 'OpportunityAssignedToUpdate':
      return name('opportunity', event.id, event.contactId);
    case 'InboundMessage':
    case 'OutboundMessage': {
      const message = name('message', event.messageId, event.contactId);
      return message && { ...message, ...(event.conversationId !== null && { conversationId: event.conversationId }) };
    }
    case 'AppointmentCreate':
    case 'AppointmentUpdate':
    case 'AppointmentDelete':
      return name('appointment', event.appointment.id, event.appointment.contactId);
    case 'NoteCreate':
      return asCreation(name('note', event.id, event.contactId));
    case 'NoteUpdate':
    case 'NoteDelete':
      return name('note', event.id, event.contactId);
    case 'TaskCreate':
      return asCreation(name('task', event.id, event.contactId));
    case 'TaskComplete':
    case 'TaskDelete':
      return name('task', event.id, event.contactId);
    default:
      return undefined;
  }
}

const name = (
  resource: ContactChange['resource'],
  ghlId: string | null,
  ghlContactId: string | null,
): ContactChange | undefined =>
  ghlId === null ? undefined : { resource, ghlId, ...(ghlContactId !== null && { ghlContactId }) };

const asCreation = (change: ContactChange | undefined): ContactChange | undefined =>
  change && { ...change, isCreation: true };

/** All that the mirror keeps of an opportunity, as `opportunity_digest` of db/migrations/0011-mirror.ts digests it there. */
function digestOpportunity(event: Extract<GhlEvent, { type: 'OpportunityUpdate' }>): string {
  const { contactId, name: title, pipelineId, pipelineStageId, status, monetaryValue, assignedTo, source } = event;
  const told = [contactId, title, pipelineId, pipelineStageId, status, monetaryValue, assignedTo, source];
  return createHash('sha256')
    .update(told.map((value) => value ?? '').join('\u001f'))
    .digest('hex');
}
