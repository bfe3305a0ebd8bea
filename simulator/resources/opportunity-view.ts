import type { Opportunity } from '../world/records.ts';
import type { World } from '../world/world.ts';
import { nameOf } from './contact-view.ts';

/** An opportunity as the API shows it, with the few contact fields GHL puts beside it. */
export function viewOpportunity(world: World, opportunity: Opportunity): Record<string, unknown> {
  const contact = world.contacts.find(opportunity.contactId);
  return {
    ...opportunity,
    contact: contact && {
      id: contact.id,
      name: nameOf(contact),
      email: contact.email,
      phone: contact.phone,
      tags: contact.tags,
    },
  };
}
