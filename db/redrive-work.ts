import type { Transaction } from 'kysely';
import { accountSyncWorkflowId, fieldMappingWorkflowId, leadIntakeWorkflowId } from '../domain/workflow-ids.ts';
import type { NewWork } from './event-capabilities.ts';
import type { Database } from './schema.ts';

/** What of a redrive needs Temporal, or the intake: the inbox keeps it until the process that has them does it. */
export type RedriveWork =
  | { kind: 'lead'; leadId: string }
  | { kind: 'event'; rowId: string; receivedAt: string }
  | { kind: 'fields'; locationId: string; requestId: string };

interface RedriveCause {
  agencyId: string;
  locationId: string | null;
  /** Of one letter the inbox takes the same work once. */
  letterId: string;
  now: Date;
}

/** A lead whose workflow is to go on. Not in the order of what the lead is to hear: that waits for this. */
export function leadRedriveWork({ agencyId, locationId, letterId, now }: RedriveCause, leadId: string): NewWork {
  const redrive: RedriveWork = { kind: 'lead', leadId };
  return {
    causeId: letterId,
    agencyId,
    locationId,
    capability: 'lead-intake',
    orderingKey: `redrive:lead:${leadId}`,
    workflowId: leadIntakeWorkflowId(agencyId, leadId),
    input: { agencyId, redrive },
    dueAt: now,
  };
}

/** Followed by the event's id: by it retention knows that the body is still needed. */
export const EVENT_REDRIVE_KEY = 'redrive:event:';

/** An event whose body was not understood when it came. */
export function eventRedriveWork(
  { agencyId, locationId, letterId, now }: RedriveCause,
  event: { rowId: string; receivedAt: Date },
): NewWork {
  const redrive: RedriveWork = { kind: 'event', rowId: event.rowId, receivedAt: event.receivedAt.toISOString() };
  return {
    causeId: letterId,
    agencyId,
    locationId,
    capability: 'account-sync',
    orderingKey: `${EVENT_REDRIVE_KEY}${event.rowId}`,
    workflowId: accountSyncWorkflowId(agencyId, locationId),
    input: { agencyId, redrive },
    dueAt: now,
  };
}

const fieldsKeyOf = (locationId: string): string => `redrive:fields:${locationId}`;

/** A location that is to be asked for its custom fields. @param causeId of this asking */
export function fieldsRedriveWork(
  { agencyId, now }: Pick<RedriveCause, 'agencyId' | 'now'>,
  locationId: string,
  causeId: string,
): NewWork {
  const redrive: RedriveWork = { kind: 'fields', locationId, requestId: causeId };
  return {
    causeId,
    agencyId,
    locationId,
    capability: 'contact-sync',
    orderingKey: fieldsKeyOf(locationId),
    workflowId: fieldMappingWorkflowId(locationId, causeId),
    input: { agencyId, redrive },
    dueAt: now,
  };
}

/** Whether a location is about to be asked for its custom fields. */
export async function isAskingForFields(tx: Transaction<Database>, locationId: string): Promise<boolean> {
  const found = await tx
    .selectFrom('event_capabilities')
    .select('sequence')
    .where('ordering_key', '=', fieldsKeyOf(locationId))
    .where('state', '=', 'pending')
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}

/**
 * Puts what was buried with some work back at its old place in the inbox, all that goes to the same ordered place. Needs
 * the scope of its agency. @returns the causes of what was buried
 */
export async function exhumeWork(
  tx: Transaction<Database>,
  buried: { causeId: string; workflowId: string },
  now: Date,
): Promise<string[]> {
  const found = await tx
    .updateTable('event_capabilities')
    .set({ state: 'pending', attempts: 0, due_at: now })
    .where('state', '=', 'dead')
    .where('ordering_key', 'in', (of) =>
      of
        .selectFrom('event_capabilities')
        .select('ordering_key')
        .where('cause_id', '=', buried.causeId)
        .where('workflow_id', '=', buried.workflowId)
        .where('state', '=', 'dead'),
    )
    .returning('cause_id')
    .execute();
  return found.map((row) => row.cause_id);
}

/** What an event of an account asked its workflow for when it came; undefined when the inbox never had it. */
export async function findAccountWork(
  tx: Transaction<Database>,
  eventRowId: string,
): Promise<Pick<NewWork, 'locationId' | 'workflowId' | 'orderingKey' | 'input'> | undefined> {
  return tx
    .selectFrom('event_capabilities')
    .select(['location_id as locationId', 'workflow_id as workflowId', 'ordering_key as orderingKey', 'input'])
    .where('cause_id', '=', eventRowId)
    .where('capability', '=', 'account-sync')
    .limit(1)
    .executeTakeFirst();
}
