import { withScope } from '../db/scope.ts';
import type { ContactChange } from '../domain/contact-change.ts';
import type { StoreDeps } from './dependencies.ts';
import { requireLocation } from './named-location.ts';
import { mapStoreFailures } from './store-failure.ts';
import { addUnreadLetters, readTold } from './unread-records.ts';

export function createContactSyncActivities(deps: Pick<StoreDeps, 'db'>) {
  /** GHL would not tell for good how records are now: an operator hears of each of them. Repeatable. */
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
      await addUnreadLetters(tx, { agencyId, locationId }, told.length > 0 ? told : ['malformed'], cause);
    });
  }

  return mapStoreFailures({ recordUnreadChanges });
}

export type ContactSyncActivities = ReturnType<typeof createContactSyncActivities>;
