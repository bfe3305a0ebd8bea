import type { Client } from '@temporalio/client';
import { type ContactChange, contactKeyOf } from '../domain/contact-change.ts';
import { contactSyncWorkflowId } from '../domain/workflow-ids.ts';
import { contactChangedSignal } from '../workflows/contact-sync-messages.ts';
import type { contactSync } from '../workflows/index.ts';
import { searchAttributesOf } from './search-attributes.ts';

export interface ChangedContact {
  agencyId: string;
  locationId: string;
  /** All of one contact: contactKeyOf tells the same of each. */
  changes: readonly [ContactChange, ...ContactChange[]];
  gatherMs?: number;
}

/**
 * Tells the workflow of one contact which of its records have changed; it is started when it does not run.
 * @param of.gatherMs how long it waits for more before it reads, in milliseconds
 */
export async function signalContactChanged(client: Client, of: ChangedContact): Promise<void> {
  const { agencyId, locationId, changes, gatherMs } = of;
  await client.workflow.signalWithStart<typeof contactSync, [ContactChange | ContactChange[]]>('contactSync', {
    workflowId: contactSyncWorkflowId(locationId, contactKeyOf(changes[0])),
    taskQueue: 'sync',
    args: [{ agencyId, locationId, ...(gatherMs !== undefined && { gatherMs }) }],
    signal: contactChangedSignal,
    signalArgs: [[...changes]],
    staticSummary: 'Brings what GHL tells of a contact into the mirror',
    ...searchAttributesOf(agencyId, 'contact-sync', locationId),
  });
}
