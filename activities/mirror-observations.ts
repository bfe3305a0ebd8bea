import { readGhlTime } from '../domain/ghl-time.ts';
import { canonicalFields, type Observation } from '../domain/mirror.ts';
import type { GhlCalendarEvent } from '../ghl/calendar-schema.ts';
import type { GhlContact, GhlNote, GhlTask } from '../ghl/contact-schema.ts';
import type { FoundContact } from '../ghl/contact-search-schema.ts';
import type { GhlConversation } from '../ghl/conversation-schema.ts';
import type { GhlEmail, GhlMessage } from '../ghl/message-schema.ts';
import type { GhlOpportunity } from '../ghl/opportunity-schema.ts';
import type { GhlTransaction } from '../ghl/payment-schema.ts';

/*
 * Records of GHL as the mirror keeps them. What names a record, says whose it is or when it changed stands beside the
 * fields; so does what differs between two reads of one record and means nothing.
 */

const exactly = (
  ghlId: string,
  observedAt: Date,
  fields: Record<string, unknown>,
  more: Partial<Observation> = {},
): Observation => ({
  ghlId,
  ghlContactId: null,
  fields: canonicalFields(fields),
  ghlCreatedAt: null,
  ghlUpdatedAt: null,
  observedAt,
  isExact: true,
  ...more,
});

/** What a search document leaves out, or may. */
type ExactOnly = 'dndSettings' | 'inboundDndSettings';

const contactFields = (
  contact: Omit<GhlContact, 'id' | 'locationId' | 'name' | 'dateAdded' | 'dateUpdated' | ExactOnly>,
): Record<string, unknown> => ({
  ...contact,
  tags: [...new Set(contact.tags)].sort(),
  customFields: Object.fromEntries(contact.customFields.map(({ id, value }) => [id, value])),
});

/** A contact that was read by its id. */
export function observeContact(contact: GhlContact, observedAt: Date): Observation {
  const { id, locationId: _location, name: _name, dateAdded, dateUpdated, ...rest } = contact;
  return exactly(id, observedAt, contactFields(rest), {
    ghlContactId: id,
    ghlCreatedAt: readGhlTime(dateAdded),
    ghlUpdatedAt: readGhlTime(dateUpdated),
  });
}

/** A contact as a search shows it. */
export function observeFoundContact(found: FoundContact, observedAt: Date): Observation {
  const { id, locationId: _location, searchAfter: _cursor, contactName: _name, ...document } = found;
  const { firstNameLowerCase, lastNameLowerCase, dndSettings, dateAdded, dateUpdated, ...rest } = document;
  const names = { firstName: firstNameLowerCase, lastName: lastNameLowerCase };
  return {
    ...exactly(id, observedAt, { ...contactFields({ ...rest, ...names }), ...(dndSettings && { dndSettings }) }),
    ghlContactId: id,
    ghlCreatedAt: readGhlTime(dateAdded),
    ghlUpdatedAt: readGhlTime(dateUpdated),
    isExact: false,
  };
}

/**
 * A message; its body where it is an e-mail has to be read by itself.
 * @returns undefined for one without a time, which GHL always tells
 */
export function observeMessage(
  message: GhlMessage,
  observedAt: Date,
  email?: GhlEmail,
): (Observation & { ghlCreatedAt: Date }) | undefined {
  const { id, locationId: _location, contactId, dateAdded, ...rest } = message;
  const ghlCreatedAt = readGhlTime(dateAdded);
  if (ghlCreatedAt === null) return undefined;
  const written = email && { subject: email.subject, body: email.body, from: email.from, to: email.to, cc: email.cc };
  return { ...exactly(id, observedAt, { ...rest, ...written }, { ghlContactId: contactId }), ghlCreatedAt };
}

export function observeOpportunity(opportunity: GhlOpportunity, observedAt: Date): Observation {
  const { id, locationId: _location, contactId, createdAt, updatedAt, ...rest } = opportunity;
  return exactly(id, observedAt, rest, {
    ghlContactId: contactId,
    ghlCreatedAt: readGhlTime(createdAt),
    ghlUpdatedAt: readGhlTime(updatedAt),
  });
}

export function observeAppointment(appointment: GhlCalendarEvent, observedAt: Date): Observation {
  const { id, contactId, dateAdded, dateUpdated, ...rest } = appointment;
  return exactly(id, observedAt, rest, {
    ghlContactId: contactId,
    ghlCreatedAt: readGhlTime(dateAdded),
    ghlUpdatedAt: readGhlTime(dateUpdated),
  });
}

export function observeConversation(conversation: GhlConversation, observedAt: Date): Observation {
  const { id, assignedTo, contactId } = conversation;
  return exactly(id, observedAt, { assignedTo }, { ghlContactId: contactId });
}

export function observeNote(note: GhlNote, ghlContactId: string, observedAt: Date): Observation {
  const { id, contactId: _contact, dateAdded, ...rest } = note;
  return exactly(id, observedAt, rest, { ghlContactId, ghlCreatedAt: readGhlTime(dateAdded) });
}

export function observeTask(task: GhlTask, ghlContactId: string, observedAt: Date): Observation {
  const { id, contactId: _contact, ...rest } = task;
  return exactly(id, observedAt, rest, { ghlContactId });
}

export function observeTransaction(transaction: GhlTransaction, observedAt: Date): Observation {
  const { id, contactId, createdAt, ...rest } = transaction;
  return exactly(id, observedAt, rest, { ghlContactId: contactId, ghlCreatedAt: readGhlTime(createdAt) });
}
