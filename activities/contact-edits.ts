import { listUnsettledEdits } from '../db/contact-edits.ts';
import { settleEdits } from '../db/edit-outcomes.ts';
import { withScope } from '../db/scope.ts';
import { addEditLetter } from './contact-push.ts';
import { type EditedContactArgs, lockEditedContact } from './contact-target.ts';
import type { StoreDeps } from './dependencies.ts';
import { mapStoreFailures } from './store-failure.ts';

/** The step of a contact's workflow that notes what could not be written. */
export function createContactEditActivities(deps: StoreDeps) {
  /** Ends a contact's pending edits, which GHL refuses or was away for too long to take. Repeatable. */
  async function recordEditFailure(args: EditedContactArgs & { cause: string }): Promise<void> {
    const { agencyId, cause } = args;
    const now = deps.now();
    await withScope(deps.db, { agencyId }, async (tx) => {
      const contact = await lockEditedContact(tx, args);
      const pending = (await listUnsettledEdits(tx, [contact.id])).filter(({ state }) => state === 'pending');
      if (pending.length === 0) return;
      const failed = pending.map(({ id }) => ({ editId: id, state: 'failed' as const, reason: cause }));
      await settleEdits(tx, failed, now);
      await addEditLetter(tx, contact, cause);
    });
  }

  return mapStoreFailures({ recordEditFailure });
}

export type ContactEditActivities = ReturnType<typeof createContactEditActivities>;
