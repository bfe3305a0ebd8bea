import { enquirySchema, type RawEnquiry } from '../domain/enquiry.ts';
import { parseGhlEvent, parseGhlWorkflowWebhook } from '../ghl/webhooks.ts';
import type { EventSource } from '../db/schema/events.ts';

/** The body of a lead's event cannot be read as an enquiry. */
export class EnquiryUnreadableError extends Error {
  readonly code = 'EnquiryUnreadable';
  constructor(source: EventSource) {
    super(`the stored body of a lead from ${source} holds no enquiry`);
    this.name = 'EnquiryUnreadableError';
  }
}

/** GHL has no field for the line of business: a tag `vertical:solar` names it. */
const VERTICAL_TAG = /^vertical:\s*(.+)$/i;

const verticalOf = (tags: readonly string[]): string | null =>
  tags.map((tag) => VERTICAL_TAG.exec(tag)?.[1]).find((vertical) => vertical !== undefined) ?? null;

/**
 * Reads what a person asked from the stored body of the event that made the lead.
 * @returns `'cut'` when GHL left the rest of the payload out, so that the contact must be read from GHL
 * @throws EnquiryUnreadableError
 */
export function readEnquiry(source: EventSource, body: unknown): RawEnquiry | 'cut' {
  switch (source) {
    case 'api': {
      const parsed = enquirySchema.safeParse(body);
      if (!parsed.success) throw new EnquiryUnreadableError(source);
      const { locationId, ...enquiry } = parsed.data;
      return { ...enquiry, requestedLocationId: locationId };
    }
    case 'ghl-workflow': {
      const hook = parseGhlWorkflowWebhook(body);
      if (!hook) throw new EnquiryUnreadableError(source);
      const custom = hook.customData['vertical'];
      return {
        firstName: hook.first_name,
        lastName: hook.last_name,
        name: hook.full_name,
        email: hook.email,
        phone: hook.phone,
        postcode: hook.postal_code,
        country: hook.country,
        vertical: typeof custom === 'string' ? custom : verticalOf(hook.tags),
        source: hook.contact_source,
      };
    }
    // What polling found is stored in the shape of the webhook that did not come.
    case 'poll':
    case 'ghl': {
      const parsed = parseGhlEvent(body);
      if (parsed.outcome !== 'event' || !('postalCode' in parsed.event)) throw new EnquiryUnreadableError(source);
      const { event: contact, envelope } = parsed;
      if (envelope.payloadTooLarge) return 'cut';
      return {
        firstName: contact.firstName,
        lastName: contact.lastName,
        name: contact.name,
        email: contact.email,
        phone: contact.phone,
        postcode: contact.postalCode,
        country: contact.country,
        vertical: verticalOf(contact.tags),
        source: contact.source,
      };
    }
  }
}
