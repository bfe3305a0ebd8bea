import { type Client, WorkflowFailedError } from '@temporalio/client';
import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import { contactMergeWorkflowId, contactSyncWorkflowId, fieldMappingWorkflowId } from '../domain/workflow-ids.ts';
import { contactEditedSignal, type EditedContact } from '../workflows/contact-sync-messages.ts';
import type { contactMerge, contactSync, fieldMapping } from '../workflows/index.ts';
import { TemporalUnavailableError } from './errors.ts';
import { searchAttributesOf } from './search-attributes.ts';

const START_DEADLINE_MS = 1_500;
/** How long somebody waits for what GHL says of a location's fields. */
const ANSWER_DEADLINE_MS = 10_000;

export interface EditedContactRef {
  agencyId: string;
  locationId: string;
  contactKey: string;
  /** Our id. */
  editedContactId: string;
}

/** What a location is asked about its custom fields; one `requestId` for each thing asked. */
export type FieldQuestion = Parameters<typeof fieldMapping>[0] & { requestId: string };

/** `pending`: GHL does not answer yet, and the question goes on; otherwise how it ended, or the code of what ended it. */
export type FieldAnswer = Awaited<ReturnType<typeof fieldMapping>> | 'pending' | { failed: string };

/** What the client does for contacts. @param within calls with a deadline; it raises TemporalUnavailableError */
export function createContactCalls(
  client: Client,
  within: <T>(deadlineMs: number, call: () => Promise<T>) => Promise<T>,
) {
  const askOnce = ({ requestId, ...input }: FieldQuestion) =>
    within(START_DEADLINE_MS, () =>
      client.workflow.start<typeof fieldMapping>('fieldMapping', {
        workflowId: fieldMappingWorkflowId(input.locationId, requestId),
        taskQueue: 'interactive',
        args: [input],
        workflowIdConflictPolicy: 'USE_EXISTING',
        staticSummary: 'Asks a location about its custom fields',
        ...searchAttributesOf(input.agencyId, 'contact-sync', input.locationId),
      }),
    );

  return {
    /** Tells a contact's workflow of changes to write, starting it when it does not run. @throws TemporalUnavailableError */
    async contactEdited({ agencyId, locationId, contactKey, editedContactId }: EditedContactRef): Promise<void> {
      await within(START_DEADLINE_MS, () =>
        client.workflow.signalWithStart<typeof contactSync, [EditedContact]>('contactSync', {
          workflowId: contactSyncWorkflowId(locationId, contactKey),
          taskQueue: 'sync',
          args: [{ agencyId, locationId }],
          signal: contactEditedSignal,
          signalArgs: [{ contactId: editedContactId }],
          staticSummary: 'Brings our changes of a contact to GHL',
          ...searchAttributesOf(agencyId, 'contact-sync', locationId),
        }),
      );
    },

    /** Starts the merge of two contacts; that it runs or has run already is success. @throws TemporalUnavailableError */
    async startContactMerge(of: { agencyId: string; locationId: string; mergeId: string }): Promise<void> {
      const { agencyId, locationId, mergeId } = of;
      await within(START_DEADLINE_MS, () =>
        client.workflow.start<typeof contactMerge>('contactMerge', {
          workflowId: contactMergeWorkflowId(locationId, mergeId),
          taskQueue: 'sync',
          args: [{ agencyId, mergeId }],
          workflowIdConflictPolicy: 'USE_EXISTING',
          staticSummary: 'Makes two contacts one',
          ...searchAttributesOf(agencyId, 'contact-sync', locationId),
        }),
      );
    },

    /** Asks a location about its custom fields; nobody waits for the answer. @throws TemporalUnavailableError */
    async startFieldCheck(of: Omit<FieldQuestion, 'map'>): Promise<void> {
      await askOnce(of);
    },

    /** Asks a location about its custom fields and waits a while for the answer. @throws TemporalUnavailableError */
    async askFields(question: FieldQuestion): Promise<FieldAnswer> {
      const handle = await askOnce(question);
      try {
        return await within(ANSWER_DEADLINE_MS, () => handle.result());
      } catch (error) {
        if (error instanceof TemporalUnavailableError) return 'pending';
        if (error instanceof WorkflowFailedError) return { failed: codeOf(error) };
        throw error;
      }
    },
  };
}

function codeOf({ cause }: WorkflowFailedError): string {
  const inner = cause instanceof ActivityFailure ? cause.cause : cause;
  return inner instanceof ApplicationFailure ? (inner.type ?? 'Unknown') : 'Unknown';
}
