import { v7 as uuidv7 } from 'uuid';
import { contactMergeWorkflowId, contactSyncWorkflowId } from '../domain/workflow-ids.ts';
import { type ContactChange, contactKeyOf } from '../domain/contact-change.ts';
import type { NewWork } from './event-capabilities.ts';
import type { LeadWorkCause } from './lead-work.ts';

/** Whose workflow a contact's edits go to: that of the contact in GHL, or one of its own until it is there. */
export const editorKeyOf = ({ id, ghl_id }: { id: string; ghl_id: string | null }): string => ghl_id ?? `new:${id}`;

/**
 * Tells a contact's workflow that there are edits to write.
 * @param causeId the newest of them, or an act of an operator: work of an older cause that has been handed over already
 *   may have looked before this edit was there
 */
export function contactEditedWork(
  contact: { id: string; agency_id: string; location_id: string; ghl_id: string | null },
  causeId: string,
  dueAt: Date,
): NewWork {
  const { agency_id: agencyId, location_id: locationId, id: contactId } = contact;
  const contactKey = editorKeyOf(contact);
  const workflowId = contactSyncWorkflowId(locationId, contactKey);
  return {
    causeId,
    agencyId,
    locationId,
    capability: 'contact-sync',
    orderingKey: workflowId,
    workflowId,
    input: { agencyId, locationId, contactKey, editedContactId: contactId },
    dueAt,
  };
}

/** Lets a merge go, or go on. */
export function contactMergeWork(
  merge: { agencyId: string; locationId: string; mergeId: string },
  dueAt: Date,
): NewWork {
  const workflowId = contactMergeWorkflowId(merge.locationId, merge.mergeId);
  return {
    causeId: uuidv7(),
    agencyId: merge.agencyId,
    locationId: merge.locationId,
    capability: 'contact-sync',
    orderingKey: workflowId,
    workflowId,
    input: { ...merge },
    dueAt,
  };
}

/** Lets a record be read that an event names, or that something else makes doubtful. What makes leads goes first. */
export function contactChangeWork(
  { agencyId, causeId, locationId }: LeadWorkCause & { locationId: string },
  change: ContactChange,
): Omit<NewWork, 'dueAt'> {
  const workflowId = contactSyncWorkflowId(locationId, contactKeyOf(change));
  return {
    agencyId,
    causeId,
    locationId,
    capability: 'contact-sync',
    orderingKey: workflowId,
    workflowId,
    priority: 1,
    input: { agencyId, locationId, change },
  };
}
