import { randomUUID } from 'node:crypto';

/**
 * Bodies of as many updates as asked for, each of another contact and with an id of its own: what a bulk edit of tags
 * causes. The contacts were made in 2024.
 * @param at the time all of them carry
 */
export function listCustomerUpdates(count: number, ghlLocationId: string, at: Date): Buffer[] {
  return Array.from({ length: count }, (_, index) => {
    const event = {
      type: 'ContactUpdate',
      webhookId: randomUUID(),
      timestamp: at.toISOString(),
      locationId: ghlLocationId,
      id: `old-customer-${index}`,
      firstName: 'Old',
      lastName: `Customer ${index}`,
      email: `old-customer-${index}@bench.example`,
      postalCode: '02116',
      country: 'US',
      dateAdded: '2024-01-01T00:00:00.000Z',
      tags: ['customer', 'spring-mailing'],
      customFields: [{ id: 'field-of-the-bench', value: String(index) }],
    };
    return Buffer.from(JSON.stringify(event));
  });
}

/** A person whom the account sees for the first time: what does become a lead. */
export function describeNewPerson(ghlLocationId: string, at: Date): Buffer {
  const time = at.toISOString();
  const person = { id: 'new-person', firstName: 'New', lastName: 'Person', email: 'new-person@bench.example' };
  const event = { type: 'ContactCreate', webhookId: randomUUID(), timestamp: time, locationId: ghlLocationId };
  return Buffer.from(JSON.stringify({ ...event, ...person, dateAdded: time }));
}
