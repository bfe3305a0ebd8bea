import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';
import type { Populations } from '../world/generated/populations.ts';
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
  /** Makes the end of a contact visible at once. */
  seedGone(locationId: string, contactId: string): void;
  /** The contacts that are stored; generated ones are seen in their populations. */
  listByLocation(locationId: string): Contact[];
  /** The generated contacts of which another state, or their end, is visible. */
  coveredIn(locationId: string): ReadonlySet<string>;
}

/**
 * Makes the index; the lag is read at each write, so that it can be changed while running. With a jitter a later change of
 * another contact may be seen before an earlier one; the states of one contact come in their order.
 */
export function createSearchIndex(
  clock: Clock,
  random: Random,
  populations: Populations,
  behaviour: { searchLagMs: number; searchLagJitterMs: number },
): SearchIndex {
  const covered = new Map<string, Set<string>>();
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
    if (!populations.locate('contact', contactId)) return;
    const known = covered.get(locationId);
    if (known) known.add(contactId);
    else covered.set(locationId, new Set([contactId]));
  };
  const visibleAtMs = (contactId: string): number => {
    const { searchLagMs, searchLagJitterMs } = behaviour;
    const lateMs = searchLagJitterMs === 0 ? 0 : Math.round(random.chance('lag') * searchLagJitterMs);
    const earlier = pending.filter((write) => write.contactId === contactId).map((write) => write.visibleAtMs);
    return Math.max(clock.nowMs() + searchLagMs + lateMs, ...earlier);
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
      const isPrompt = behaviour.searchLagMs + behaviour.searchLagJitterMs === 0 && pending.length === 0;
      if (isPrompt) apply({ visibleAtMs: 0, contactId, locationId, contact });
      else pending.push({ visibleAtMs: visibleAtMs(contactId), contactId, locationId, contact });
    },
    seed: (contact) => apply({ visibleAtMs: 0, contactId: contact.id, locationId: contact.locationId, contact }),
    seedGone: (locationId, contactId) => apply({ visibleAtMs: 0, contactId, locationId, contact: null }),
    coveredIn(locationId) {
      settle();
      return covered.get(locationId) ?? new Set();
    },
    listByLocation(locationId) {
      settle();
      return [...documentsOf(locationId).values()];
    },
  };
}
