import type { ContactFacts } from '../domain/event-plan.ts';
import { readGhlTime } from '../domain/ghl-time.ts';
import { mergeListedContact } from '../domain/mirror.ts';
import type { GhlContact } from '../ghl/contact-schema.ts';
import type { ContactCursor, FoundContact } from '../ghl/contact-search-schema.ts';
import { searchContacts } from '../ghl/contact-search.ts';
import { getContact } from '../ghl/contacts.ts';
import { observeContact, observeFoundContact } from './mirror-observations.ts';
import { type Found, type Listed, type ListedPage, type Listing, type PollSource, unlessGone } from './poll-source.ts';

const PAGE = 100;

/** What a trigger and the rule of leads see of a contact, as its creation would tell it. */
const factsOf = (
  contact: Pick<GhlContact | FoundContact, 'id' | 'dateAdded' | 'source' | 'assignedTo' | 'tags' | 'customFields'>,
): ContactFacts => {
  const { id, dateAdded, source, assignedTo, tags, customFields } = contact;
  const told = { contactCreatedAt: readGhlTime(dateAdded), source, assignedTo, tags, customFields, isCut: false };
  return { kind: 'contact', type: 'ContactUpdate', ghlContactId: id, ...told };
};

const listedContact = (contact: FoundContact, askedAt: Date): Listed => {
  const seen = observeFoundContact(contact, askedAt);
  return { seen, changedAt: seen.ghlUpdatedAt, told: { facts: factsOf(contact), body: {} } };
};

async function list({ ghl, call, after, askedAt }: Listing, field: 'dateAdded' | 'dateUpdated'): Promise<ListedPage> {
  const direction = field === 'dateUpdated' ? ('desc' as const) : ('asc' as const);
  const search = { pageLimit: PAGE, sort: [{ field, direction }] };
  const page = await searchContacts(ghl, call, search, (after as ContactCursor | null) ?? undefined);
  return { items: page.items.map((each) => listedContact(each, askedAt)), next: page.next };
}

/** Contacts are found by search documents, in lower case and late, and read one by one. */
export const contactSource: PollSource = {
  changes: { order: 'newest-first', list: (listing) => list(listing, 'dateUpdated') },
  listAll: (listing) => list(listing, 'dateAdded'),
  read: ({ ghl, call, askedAt }, id) =>
    unlessGone(async (): Promise<Found> => {
      const contact = await getContact(ghl, call, id);
      return { seen: observeContact(contact, askedAt), told: { facts: factsOf(contact), body: { ...contact } } };
    }),
  isPartial: () => true,
  believe: mergeListedContact,
};
