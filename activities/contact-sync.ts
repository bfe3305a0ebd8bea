import { addDeadLetter } from '../db/dead-letters.ts';
import { withScope } from '../db/scope.ts';
import type { ContactChange } from '../domain/contact-change.ts';
import type { StoreDeps } from './dependencies.ts';
import { requireLocation } from './named-location.ts';
import { mapStoreFailures } from './store-failure.ts';

export function createContactSyncActivities(deps: Pick<StoreDeps, 'db'>) {
  /** GHL would not tell how a record is now: an operator hears of it, and the next poll may mend it. Repeatable. */
  async function recordUnreadChanges(args: {
    agencyId: string;
    locationId: string;
    changes: ContactChange[];
    cause: string;
  }): Promise<void> {
    const { agencyId, locationId, changes, cause } = args;
    const [first] = Array.isArray(changes) ? changes : [];
    const record = first ? `${first.resource}:${first.ghlId}` : 'none';
    await withScope(deps.db, { agencyId }, async (tx) => {
      await requireLocation(tx, locationId);
      await addDeadLetter(tx, {
        agencyId,
        locationId,
        capability: 'contact-sync',
        cause: `read:${cause}`,
        advice: `Records that GHL told of could not be read (${cause}). Mend the cause; the next poll of the location reads what has changed.`,
        subject: { kind: 'record', id: record.slice(0, 100) },
        workflowId: null,
      });
    });
  }

  return mapStoreFailures({ recordUnreadChanges });
}

export type ContactSyncActivities = ReturnType<typeof createContactSyncActivities>;
