import { v7 as uuidv7 } from 'uuid';
import { contactSyncWorkflowId } from '../domain/workflow-ids.ts';
import type { NewWork } from './event-capabilities.ts';

/** Whose workflow a contact's edits go to: that of the contact in GHL, or one of its own until it is there. */
export const editorKeyOf = ({ id, ghl_id }: { id: string; ghl_id: string | null }): string => ghl_id ?? `new:${id}`;

/**
 * Tells a contact's workflow that there are edits to write. Each time by a cause of its own: one that has been handed
 * over already may have looked before this edit was there.
 */
export function contactEditedWork(
  contact: { id: string; agency_id: string; location_id: string; ghl_id: string | null },
  dueAt: Date,
): NewWork {
  const { agency_id: agencyId, location_id: locationId, id: contactId } = contact;
  const contactKey = editorKeyOf(contact);
  const workflowId = contactSyncWorkflowId(locationId, contactKey);
  return {
    causeId: uuidv7(),
    agencyId,
    locationId,
    capability: 'contact-sync',
    orderingKey: workflowId,
    workflowId,
    input: { agencyId, locationId, contactKey, editedContactId: contactId },
    dueAt,
  };
}
