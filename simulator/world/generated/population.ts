import { z } from 'zod';
import type { Conversation, Message, MessageType } from '../messaging-records.ts';
import type { Contact } from '../records.ts';
import { createIds } from './ids.ts';
import type { Kind } from './ids.ts';
import { composePerson, indexInAddress, personTags } from './person.ts';
import { createSeries } from './series.ts';
import type { Series, Span } from './series.ts';

const id = z.string().min(1);
const time = z.iso.datetime({ offset: true });

/** What a seed says of a location full of contacts that are made up when they are asked for, and stored nowhere. */
export const generatedSchema = z.strictObject({
  locationId: id,
  contacts: z.number().int().min(1).max(5_000_000),
  messagesPerContact: z.number().int().min(0).max(100).default(0),
  /** They came evenly in the first half of this time, their messages in the second. */
  from: time.default('2024-01-01T00:00:00.000Z'),
  to: time.default('2026-01-01T00:00:00.000Z'),
});

/** The same with what tells its ids and people from those of another. */
export const populationSchema = generatedSchema.extend({ key: z.string().length(8) });
export type PopulationSpec = z.output<typeof populationSchema>;

/** How long after it was sent a message last changed, and after it was made a contact. */
const settledAfterMs = 2_000;
const editedAfterMs = 3_600_000;

/** Message types by the last digit of a running number: seven texts, two e-mails and a call in ten. */
const typeByDigit: MessageType[] = [
  ...Array.from({ length: 7 }, (): MessageType => 'TYPE_SMS'),
  'TYPE_EMAIL',
  'TYPE_EMAIL',
  'TYPE_CALL',
];

/** The contacts of one location with their messages, each by its number; the order of numbers is that of time. */
export interface Population {
  spec: PopulationSpec;
  tags: string[];
  /** The number that an id of this population stands for. */
  indexOf(kind: Kind, recordId: string): number | undefined;
  contactAt(index: number): Contact;
  conversationAt(index: number): Conversation;
  messageAt(index: number): Message;
  /** The messages of one contact, the oldest first. */
  listMessages(contactIndex: number): Message[];
  /** The number of the contact with this e-mail or phone. */
  findByIdentifier(field: 'email' | 'phone', value: string): number | undefined;
  contactDates: Record<'dateAdded' | 'dateUpdated', Series>;
  conversationDates: Record<'first' | 'last', Series>;
  messageDates: Record<'dateAdded' | 'dateUpdated', Series>;
  /** The type of a message without making the rest of it. */
  typeOf(messageIndex: number): MessageType;
  /** How many messages in a span are of types that fit. */
  countMessages(span: Span, fits: (type: MessageType) => boolean): number;
}

/** Makes a population. The same spec gives the same people and messages, and what is not asked for costs nothing. */
export function createPopulation(spec: PopulationSpec): Population {
  const { locationId, contacts: size, messagesPerContact, key } = spec;
  const ids = createIds(key, { contact: size, conversation: size, message: size * messagesPerContact });
  const fromMs = Date.parse(spec.from);
  const halfMs = (Date.parse(spec.to) - fromMs) / 2;
  const count = size * messagesPerContact;
  const contactStepMs = Math.max(1, Math.floor(halfMs / size));
  const messageStepMs = Math.max(1, Math.floor(halfMs / Math.max(1, count)));
  const messagesFromMs = fromMs + halfMs;
  const threads = messagesPerContact === 0 ? 0 : size;
  const lastRowMs = messagesFromMs + (count - size) * messageStepMs;
  const contactDates = {
    dateAdded: createSeries(fromMs, contactStepMs, size),
    dateUpdated: createSeries(fromMs + editedAfterMs, contactStepMs, size),
  };
  const messageDates = {
    dateAdded: createSeries(messagesFromMs, messageStepMs, count),
    dateUpdated: createSeries(messagesFromMs + settledAfterMs, messageStepMs, count),
  };
  // Row after row, every contact has one message: those of one contact are spread over the whole time.
  const typeOf = (index: number): MessageType =>
    typeByDigit[((index % size) + Math.floor(index / size)) % 10] ?? 'TYPE_SMS';

  const messageAt = (index: number): Message => {
    const contactIndex = index % size;
    const row = Math.floor(index / size);
    const messageType = typeOf(index);
    const isMail = messageType === 'TYPE_EMAIL';
    return {
      id: ids.write('message', index),
      locationId,
      contactId: ids.write('contact', contactIndex),
      conversationId: ids.write('conversation', contactIndex),
      messageType,
      direction: (contactIndex + row) % 2 === 0 ? 'outbound' : 'inbound',
      status: 'delivered',
      body: `Message ${row + 1} of contact ${contactIndex + 1}`,
      contentType: isMail ? 'text/html' : 'text/plain',
      attachments: [],
      source: row % 2 === 0 ? 'workflow' : 'app',
      ...(isMail
        ? {
            email: {
              id: ids.write('email', index),
              subject: `About visit ${row + 1}`,
              from: '',
              to: [],
              cc: [],
              bcc: [],
            },
          }
        : {}),
      ...(messageType === 'TYPE_CALL' ? { call: { durationSeconds: 30 + row, status: 'completed' } } : {}),
      dateAdded: isoOf(messageDates.dateAdded, index),
      dateUpdated: isoOf(messageDates.dateUpdated, index),
    };
  };

  return {
    spec,
    tags: personTags,
    indexOf: (kind, recordId) => ids.read(kind, recordId),
    contactAt: (index) => ({
      id: ids.write('contact', index),
      locationId,
      ...composePerson(key, index),
      dateAdded: isoOf(contactDates.dateAdded, index),
      dateUpdated: isoOf(contactDates.dateUpdated, index),
    }),
    conversationAt(index) {
      const last = messageAt(count - size + index);
      return {
        id: last.conversationId,
        locationId,
        contactId: last.contactId,
        unreadCount: 0,
        starred: false,
        inbox: true,
        lastMessageBody: last.email?.subject ?? last.body,
        lastMessageType: last.messageType,
        lastMessageDirection: last.direction,
        lastMessageAction: last.source === 'app' ? 'manual' : 'automated',
        lastMessageDate: last.dateAdded,
        dateAdded: isoOf(messageDates.dateAdded, index),
        dateUpdated: last.dateAdded,
      };
    },
    messageAt,
    listMessages: (contactIndex) =>
      Array.from({ length: messagesPerContact }, (_, row) => messageAt(row * size + contactIndex)),
    findByIdentifier(field, value) {
      const index = indexInAddress(field, value);
      if (index === undefined || index >= size) return undefined;
      return composePerson(key, index)[field] === value.toLowerCase() ? index : undefined;
    },
    contactDates,
    conversationDates: {
      first: createSeries(messagesFromMs, messageStepMs, threads),
      last: createSeries(lastRowMs, messageStepMs, threads),
    },
    messageDates,
    typeOf,
    countMessages(span, fits) {
      const digits = typeByDigit.flatMap((type, digit) => (fits(type) ? [digit] : []));
      let total = 0;
      for (let row = Math.floor(span[0] / size); row * size < span[1]; row += 1) {
        const [from, to] = [Math.max(span[0] - row * size, 0), Math.min(span[1] - row * size, size)];
        for (const digit of digits) total += countResidues(from + row, to + row, digit);
      }
      return total;
    },
  };
}

function isoOf(series: Series, index: number): string {
  return new Date(series.atMs(index)).toISOString();
}

/** How many numbers from one up to another end in a digit. */
function countResidues(from: number, to: number, digit: number): number {
  const below = (end: number): number => Math.floor((end - 1 - digit) / 10) + 1;
  return below(to) - below(from);
}
