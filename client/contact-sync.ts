import type { Client } from '@temporalio/client';
import { type ContactChange, contactKeyOf } from '../domain/contact-change.ts';
import { contactSyncWorkflowId } from '../domain/workflow-ids.ts';
import { contactChangedSignal } from '../workflows/contact-sync-messages.ts';
import type { contactSync } from '../workflows/index.ts';
import { searchAttributesOf } from './search-attributes.ts';

/** Tells a contact's workflow that a record has changed; it is started when it does not run. */
export async function signalContactChanged(
  client: Client,
  of: { agencyId: string; locationId: string; change: ContactChange },
): Promise<void> {
  const { agencyId, locationId, change } = of;
  await client.workflow.signalWithStart<typeof contactSync, [ContactChange]>('contactSync', {
    workflowId: contactSyncWorkflowId(locationId, contactKeyOf(change)),
    taskQueue: 'sync',
    args: [{ agencyId, locationId }],
    signal: contactChangedSignal,
    signalArgs: [change],
    staticSummary: 'Brings what GHL tells of a contact into the mirror',
    ...searchAttributesOf(agencyId, 'contact-sync', locationId),
  });
}
