import type { Opportunity } from '../world/records.ts';
import type { World } from '../world/world.ts';
import { nameOf } from './contact-view.ts';

/** An opportunity as the API shows it, with the few contact fields GHL puts beside it. */
export function viewOpportunity(world: World, opportunity: Opportunity): Record<string, unknown> {
  const contact = world.contacts.find(opportunity.contactId);
  return {
    ...opportunity,
    // Read as `fieldValue`, unlike those of contacts.
    customFields: opportunity.customFields.map(({ id, value }) => ({ id, fieldValue: value })),
    contact: contact && {
      id: contact.id,
      name: nameOf(contact),
      companyName: contact.companyName,
      email: contact.email,
      phone: contact.phone,
      tags: contact.tags,
    },
  };
}
