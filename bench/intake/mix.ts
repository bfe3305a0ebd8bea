import { randomUUID } from 'node:crypto';

/** Of ten deliveries: one new person, six changes of old customers, two messages, and one that came before. */
const TURNS = [...['lead', ...Array.from({ length: 6 }, () => 'update'), 'message', 'message', 'repeat']] as (
  'lead' | 'update' | 'message' | 'repeat'
)[];
/** How many of so many deliveries come a second time. */
export const countRepeats = (count: number): number =>
  Math.floor(count / TURNS.length) * TURNS.filter((turn) => turn === 'repeat').length;

/** Contacts whose changes and messages come again and again. */
const OLD_CUSTOMERS = 20_000;

/**
 * Bodies of so many deliveries in a fixed mix, each with an id of its own but the repeats.
 * @param run tells the people of several runs apart @param at the time all of them carry
 */
export function mixDeliveries(count: number, run: number, ghlLocationId: string, at: Date): Buffer[] {
  const bodies: Buffer[] = [];
  const time = at.toISOString();
  for (let index = 0; index < count; index += 1) {
    const envelope = { webhookId: randomUUID(), timestamp: time, locationId: ghlLocationId };
    const customer = `old-customer-${(run * count + index) % OLD_CUSTOMERS}`;
    switch (TURNS[index % TURNS.length]) {
      case 'lead':
        bodies.push(writeBody({ type: 'ContactCreate', ...envelope, ...describePerson(`new-${run}-${index}`, time) }));
        break;
      case 'update': {
        const person = describePerson(customer, '2024-01-01T00:00:00.000Z');
        bodies.push(writeBody({ type: 'ContactUpdate', ...envelope, ...person, tags: ['customer', 'spring-mailing'] }));
        break;
      }
      case 'message':
        bodies.push(writeBody({ type: 'InboundMessage', ...envelope, ...describeMessage(customer, run, index, time) }));
        break;
      default:
        bodies.push(bodies[index - TURNS.length + 2] ?? bodies[0]!);
    }
  }
  return bodies;
}

function describePerson(id: string, dateAdded: string) {
  return {
    ...{ id, firstName: 'Bench', lastName: id, email: `${id}@bench.example`, postalCode: '02116', country: 'US' },
    dateAdded,
    customFields: [{ id: 'field-of-the-bench', value: id }],
  };
}

function describeMessage(contactId: string, run: number, index: number, dateAdded: string) {
  return {
    ...{ contactId, conversationId: `conversation-${contactId}`, messageId: `message-${run}-${index}` },
    ...{ direction: 'inbound', messageType: 'SMS', body: 'When could somebody come by?', status: 'delivered' },
    dateAdded,
  };
}

const writeBody = (event: object): Buffer => Buffer.from(JSON.stringify(event));
