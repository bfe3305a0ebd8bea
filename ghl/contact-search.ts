import type { GhlCalls, LocationCall } from './calls.ts';
import type { ContactCursor, ContactSearch, FoundContact } from './contact-search-schema.ts';
import type { Page } from './page.ts';

/**
 * One page of the location's contacts, oldest first unless told otherwise, so that those who come meanwhile stand at
 * the end. It goes on by the cursor of the last document and never by page number, which ends at 10,000 contacts.
 *
 * What it tells is a search document: it lags writes by seconds, has names in lower case only, and may lack
 * `dndSettings`. Who has to know reads the contact. A filter on the phone was reported to find nothing: use
 * `findDuplicateContact` for one number.
 * @param after `next` of the page before; the search has to be the same
 * @throws GhlError; GhlInvalidError `response-shape` where a document has no cursor
 */
export async function searchContacts(
  ghl: GhlCalls,
  context: LocationCall,
  search: ContactSearch,
  after?: ContactCursor,
): Promise<Page<FoundContact, ContactCursor> & { total: number | null }> {
  const body = {
    sort: [{ field: 'dateAdded', direction: 'asc' }],
    ...search,
    locationId: context.resource.ghlLocationId,
    ...(after ? { searchAfter: after } : {}),
  };
  const { contacts, total } = await ghl.call('searchContacts', { ...context, body });
  const next = contacts.length < search.pageLimit ? null : (contacts.at(-1)?.searchAfter ?? null);
  return { items: contacts, next, total };
}

/**
 * Adds tags to many contacts, or takes them away, in one request; other tags stay, and repeating it changes nothing.
 * @returns the contacts that GHL refused, an unknown one or another location's among them
 */
export async function updateTagsOfContacts(
  ghl: GhlCalls,
  context: LocationCall,
  action: 'add' | 'remove',
  of: { contactIds: string[]; tags: string[] },
): Promise<{ refusedContactIds: string[] }> {
  const body = { contacts: of.contactIds, tags: of.tags, locationId: context.resource.ghlLocationId };
  const { responses } = await ghl.call('updateTagsOfContacts', { ...context, path: { action }, body });
  const changed = new Set(
    responses.flatMap((each) => {
      if (typeof each === 'string') return [each];
      return each.error === null ? [each.contactId] : [];
    }),
  );
  return { refusedContactIds: of.contactIds.filter((contactId) => !changed.has(contactId)) };
}
