import { withScope } from '../db/scope.ts';
import type { ContactChange } from '../domain/contact-change.ts';
import type { StoreDeps } from './dependencies.ts';
import { requireLocation } from './named-location.ts';
import { mapStoreFailures } from './store-failure.ts';
import { addRefusedLetter, addUnreadLetters, readTold } from './unread-records.ts';

/** What `readChanges` ends with where there is nobody to ask. */
const NOT_CONNECTED = 'LocationNotConnected';

export function createContactSyncActivities(deps: Pick<StoreDeps, 'db'>) {
  /**
   * GHL would not tell for good how records are now: an operator hears of each of them, or of the location where that is
   * to blame. Repeatable.
   */
  async function recordUnreadChanges(args: {
    agencyId: string;
    locationId: string;
    changes: ContactChange[];
    cause: string;
  }): Promise<void> {
    const { agencyId, locationId, changes, cause } = args;
    const told = Array.isArray(changes) ? readTold(changes) : [];
    await withScope(deps.db, { agencyId }, async (tx) => {
      await requireLocation(tx, locationId);
      const place = { agencyId, locationId };
      if (cause !== NOT_CONNECTED) return addUnreadLetters(tx, place, told.length > 0 ? told : ['malformed'], cause);
      const kinds = new Set(told.flatMap((each) => (each === 'malformed' ? [] : [each.resource])));
      for (const resource of kinds) await addRefusedLetter(tx, place, resource, cause);
    });
  }

  return mapStoreFailures({ recordUnreadChanges });
}

export type ContactSyncActivities = ReturnType<typeof createContactSyncActivities>;
