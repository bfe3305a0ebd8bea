import type { Clock } from '../clock.ts';
import type { Contact } from '../world/records.ts';

interface Pending {
  visibleAtMs: number;
  contactId: string;
  locationId: string;
  contact: Contact | null;
}

/** What `POST /contacts/search` sees: the contacts as they were some time ago. */
export interface SearchIndex {
  /** Notes a write; null stands for a deletion. It becomes visible after the lag. */
  write(locationId: string, contactId: string, contact: Contact | null): void;
  /** Makes a contact visible at once (seeded data). */
  seed(contact: Contact): void;
  listByLocation(locationId: string): Contact[];
}

/** Makes the index; the lag is read at each write, so that it can be changed while running. */
export function createSearchIndex(clock: Clock, behaviour: { searchLagMs: number }): SearchIndex {
  const documents = new Map<string, Map<string, Contact>>();
  let pending: Pending[] = [];

  const documentsOf = (locationId: string): Map<string, Contact> => {
    const known = documents.get(locationId);
    if (known) return known;
    const fresh = new Map<string, Contact>();
    documents.set(locationId, fresh);
    return fresh;
  };
  const apply = ({ locationId, contactId, contact }: Pending): void => {
    if (contact) documentsOf(locationId).set(contactId, contact);
    else documentsOf(locationId).delete(contactId);
  };
  const settle = (): void => {
    const nowMs = clock.nowMs();
    const due = pending.filter((write) => write.visibleAtMs <= nowMs);
    if (due.length === 0) return;
    pending = pending.filter((write) => write.visibleAtMs > nowMs);
    due.forEach(apply);
  };

  return {
    write(locationId, contactId, contact) {
      const entry = { visibleAtMs: clock.nowMs() + behaviour.searchLagMs, contactId, locationId, contact };
      if (behaviour.searchLagMs === 0 && pending.length === 0) apply(entry);
      else pending.push(entry);
    },
    seed: (contact) => apply({ visibleAtMs: 0, contactId: contact.id, locationId: contact.locationId, contact }),
    listByLocation(locationId) {
      settle();
      return [...documentsOf(locationId).values()];
    },
  };
}
