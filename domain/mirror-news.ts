import { type FieldName, normaliseTag, readFieldName } from './contact-fields.ts';
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

function newsOfContact({ ghlId, fields, ghlCreatedAt }: Observation): SeenNews {
  const tags = Array.isArray(fields['tags']) ? fields['tags'].filter((tag) => typeof tag === 'string') : [];
  const customFields = Object.entries(fields['customFields'] ?? {}).map(([id, value]) => ({ id, value }));
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

/**
 * The facts of a contact without the tags and custom fields that we write ourselves: our own writes coming back start
 * nothing. What is left out says nothing either, so that a trigger neither sees it come nor go.
 */
export function withoutOwn<T extends ContactFacts | OpportunityFacts>(facts: T, own: readonly FieldName[]): T {
  if (facts.kind !== 'contact') return facts;
  const kinds = own.map(readFieldName);
  const [tags, ids] = [new Set<string>(), new Set<string>()];
  for (const of of kinds) if (of.kind === 'tag') tags.add(of.tag);
  for (const of of kinds) if (of.kind === 'custom') ids.add(of.id);
  if (tags.size === 0 && ids.size === 0) return facts;
  return {
    ...facts,
    tags: facts.tags.filter((tag) => !tags.has(normaliseTag(tag))),
    customFields: facts.customFields.filter(({ id }) => !ids.has(id)),
    isCut: true,
  };
}
