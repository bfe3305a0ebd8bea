import { customOf, tagsOf } from './contact-fields.ts';
import type { ContactFacts, OpportunityFacts } from './event-plan.ts';
import type { FieldValue, Observation } from './mirror.ts';

/** What leads and triggers may have to hear of a record, and the body that an event of it would have had. */
export interface SeenNews {
  facts: ContactFacts | OpportunityFacts;
  body: Record<string, unknown>;
}

/**
 * What a sight of a contact or opportunity tells, as an event of its update would tell it.
 * @returns undefined for other records, which nobody but the mirror waits for
 */
export function newsOf(resource: string, seen: Observation): SeenNews | undefined {
  if (resource === 'contact') return newsOfContact(seen);
  return resource === 'opportunity' ? newsOfOpportunity(seen) : undefined;
}

const textOf = (value: FieldValue | undefined): string | null => (typeof value === 'string' ? value : null);

/** What a sight of a contact tells. */
export function newsOfContact({ ghlId, fields, ghlCreatedAt }: Observation): {
  facts: ContactFacts;
  body: Record<string, unknown>;
} {
  const tags = tagsOf(fields);
  const customFields = Object.entries(customOf(fields)).map(([id, value]) => ({ id, value }));
  const [source, assignedTo] = [textOf(fields['source']), textOf(fields['assignedTo'])];
  const told = { contactCreatedAt: ghlCreatedAt, source, assignedTo, tags, customFields, isCut: false };
  return {
    facts: { kind: 'contact', type: 'ContactUpdate', ghlContactId: ghlId, ...told },
    body: { ...fields, id: ghlId, tags, customFields, dateAdded: ghlCreatedAt },
  };
}

function newsOfOpportunity({ ghlId, ghlContactId, fields, ghlCreatedAt }: Observation): SeenNews {
  const [status, assignedTo] = [textOf(fields['status']), textOf(fields['assignedTo'])];
  const told = { ghlContactId, opportunityCreatedAt: ghlCreatedAt, status, assignedTo, isCut: false };
  return {
    facts: { kind: 'opportunity', type: 'OpportunityUpdate', ghlOpportunityId: ghlId, ...told },
    body: { ...fields, id: ghlId, contactId: ghlContactId, dateAdded: ghlCreatedAt },
  };
}
