import { ApplicationFailure } from '@temporalio/activity';
import { deferEdits } from '../db/edit-outcomes.ts';
import { contactEditedWork, editorKeyOf } from '../db/contact-work.ts';
import { addWork } from '../db/event-capabilities.ts';
import { withScope } from '../db/scope.ts';
import { createInGhl } from './contact-creation.ts';
import { pushEdits } from './contact-push.ts';
import { type EditedContactArgs, loadTarget } from './contact-target.ts';
import type { GhlDeps } from './dependencies.ts';
import { talkingToGhl } from './ghl-step.ts';
import { mapStoreFailures } from './store-failure.ts';

/** The step of a contact's workflow that brings our changes to GHL. */
export function createContactEditGhlActivities(deps: Omit<GhlDeps, 'notifier'>) {
  /**
   * Brings what is pending of a contact to GHL, and makes the contact there first where it is not. Only the workflow of
   * the contact's key writes, so that no two do; what comes to another one is passed on. Repeatable: each attempt looks
   * what GHL has already. While GHL cannot be asked the edits show why.
   * @throws ApplicationFailure of GHL; final: ContactUnknown, LocationNotConnected
   */
  async function writeContactEdits(args: EditedContactArgs): Promise<void> {
    const scope = { agencyId: args.agencyId };
    const target = await withScope(deps.db, scope, async (tx) => {
      const found = await loadTarget(tx, args);
      if (editorKeyOf(found.contact) === args.contactKey) return found;
      const newest = found.pending.at(-1);
      if (newest) await addWork(tx, [contactEditedWork(found.contact, newest.id, deps.now())]);
      return undefined;
    });
    if (!target || target.pending.length === 0) return;
    const ghlId = target.contact.ghl_id;
    try {
      await talkingToGhl(
        () => (ghlId === null ? createInGhl(deps, target) : pushEdits(deps, { ...target, ghlId })),
        'wait',
      );
    } catch (error) {
      if (error instanceof ApplicationFailure && !error.nonRetryable) {
        await withScope(deps.db, scope, (tx) => deferEdits(tx, target.contact.id, error.type ?? 'Unknown', deps.now()));
      }
      throw error;
    }
  }

  return mapStoreFailures({ writeContactEdits });
}

export type ContactEditGhlActivities = ReturnType<typeof createContactEditGhlActivities>;
