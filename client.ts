import {
  Client,
  type ConnectionOptions,
  WorkflowNotFoundError,
  type WorkflowStartOptions,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  WorkflowUpdateStage,
} from '@temporalio/client';
import {
  ApplicationFailure,
  type UpdateDefinition,
  type Workflow,
  WorkflowExecutionAlreadyStartedError,
} from '@temporalio/common';
import {
  isAbsence,
  LeadOverError,
  LeadPendingError,
  LeadRefusedError,
  TemporalUnavailableError,
} from './client/errors.ts';
import { createPayloadCodec } from './crypto/payload-codec.ts';
import type { KeyProvider } from './crypto/key-ring.ts';
import { createBackfillClient } from './client/backfill.ts';
import { connectLazily } from './client/connection.ts';
import { createContactCalls, type FieldAnswer } from './client/contact-calls.ts';
import { type ChangedContact, signalContactChanged } from './client/contact-sync.ts';
import { createDeploymentCalls, type Deployment } from './client/deployments.ts';
import { createPollingClient } from './client/polling.ts';
import { createUpkeepClient } from './client/upkeep.ts';
import { leadIntakeStart, type NewLead } from './client/lead-intake.ts';
import { bringLeadBack, type LeadReviver } from './client/lead-redrive.ts';
import { searchAttributesOf } from './client/search-attributes.ts';
import { createNotificationClient } from './client/notification.ts';
import { createWorkflowWatch, type RunningWorkflow } from './client/stuck-workflows.ts';
import { traceHeaders } from './client/trace-headers.ts';
import { describeBacklogs, type QueueBacklog } from './client/task-queues.ts';
import {
  type BrokenLead,
  type LeadFate,
  LeadStuckError,
  listBrokenLeads,
  readLeadFate,
  resetToFirstTask,
} from './client/lead-fate.ts';
import type { AccountEvent } from './domain/account-event.ts';
import type { LeadChange } from './domain/lead-change.ts';
import type { AcceptRequest, CloseRequest, LeadStanding, ReassignRequest } from './domain/lead-messages.ts';
import {
  accountSyncWorkflowId,
  agencyConnectWorkflowId,
  credentialRotationWorkflowId,
  leadIntakeWorkflowId,
} from './domain/workflow-ids.ts';
import { accountEventSignal } from './workflows/account-sync-messages.ts';
import {
  acceptLeadUpdate,
  changeLeadSignal,
  closeLeadUpdate,
  leadStateQuery,
  reassignLeadUpdate,
} from './workflows/lead-intake-messages.ts';
import type { accountSync, agencyConnect, credentialRotation, leadIntake } from './workflows/index.ts';

/** Without a deadline a start against a dead Temporal hangs for 18 s (measured). */
const START_DEADLINE_MS = 1_500;
/** How long a caller waits for the lead's workflow to take an update up, and then for GHL to follow. */
const ACCEPT_DEADLINE_MS = 5_000;
const RESULT_DEADLINE_MS = 10_000;
const LIST_DEADLINE_MS = 15_000;
/** Well below the time after which Prometheus gives a page up. */
const SCRAPE_DEADLINE_MS = 1_000;

export { LeadOverError, LeadPendingError, LeadRefusedError, TemporalUnavailableError };
export { type BrokenLead, bringLeadBack, type FieldAnswer, type LeadFate, type LeadReviver, LeadStuckError };
export { type Deployment, type QueueBacklog, type RunningWorkflow };

interface LeadRef {
  agencyId: string;
  leadId: string;
}

/**
 * What is asked of a lead: done once for each `updateId`, however often that comes.
 * Asking raises LeadRefusedError with the reason; LeadPendingError when the workflow has it and goes on;
 * LeadOverError; TemporalUnavailableError when nobody took it up.
 */
export interface LeadUpdate<Request> extends LeadRef {
  request: Request;
  updateId: string;
}

export interface ClientOptions {
  connection: ConnectionOptions;
  namespace: string;
  /** Null switches the payload codec off. */
  keys: KeyProvider | null;
  /** How long whoever asks waits at least, in ms: a person waits longer for a busy Temporal than a webhook may. */
  patienceMs?: number;
}

export type SwitchyardClient = ReturnType<typeof createSwitchyardClient>;

/** Starts and messages workflows. It connects when first used: Temporal being away keeps no process from starting. */
export function createSwitchyardClient(options: ClientOptions) {
  const { connection, calling, close } = connectLazily(options.connection);
  const { keys, namespace, patienceMs = 0 } = options;
  const client = new Client({
    connection,
    namespace,
    interceptors: { workflow: [traceHeaders] },
    ...(keys && { dataConverter: { payloadCodecs: [createPayloadCodec(keys)] } }),
  });
  const { workflow } = client;

  async function within<T>(deadlineMs: number, call: () => Promise<T>): Promise<T> {
    try {
      return await calling(() => client.withDeadline(Date.now() + Math.max(deadlineMs, patienceMs), call));
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError) {
        if (error.cause instanceof ApplicationFailure) throw new LeadRefusedError(error.cause.type ?? 'refused');
        throw error;
      }
      if (error instanceof WorkflowNotFoundError) throw new LeadOverError();
      if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || isAbsence(error)) {
        throw new TemporalUnavailableError(error);
      }
      throw error;
    }
  }

  async function startOnce<T extends Workflow>(type: string, start: WorkflowStartOptions<T>): Promise<void> {
    try {
      await within(START_DEADLINE_MS, () =>
        workflow.start<T>(type, {
          workflowIdConflictPolicy: 'USE_EXISTING',
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          ...start,
        }),
      );
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }

  const leadHandle = ({ agencyId, leadId }: LeadRef) => workflow.getHandle(leadIntakeWorkflowId(agencyId, leadId));
  const leadFate = (lead: LeadRef): Promise<LeadFate> =>
    within(START_DEADLINE_MS, () => readLeadFate(client, leadHandle(lead).workflowId));

  async function update<Request>(
    lead: LeadUpdate<Request>,
    definition: UpdateDefinition<LeadStanding, [Request]>,
  ): Promise<LeadStanding> {
    const { request, updateId } = lead;
    const waitForStage = WorkflowUpdateStage.ACCEPTED;
    const taken = await within(ACCEPT_DEADLINE_MS, () =>
      leadHandle(lead).startUpdate(definition, { args: [request], updateId, waitForStage }),
    );
    try {
      return await within(RESULT_DEADLINE_MS, () => taken.result());
    } catch (error) {
      throw error instanceof TemporalUnavailableError ? new LeadPendingError() : error;
    }
  }

  return {
    /** The raw client, for operators' commands that list or replay. */
    temporal: client,

    ...createBackfillClient({ client, startOnce, soon: (call) => within(START_DEADLINE_MS, call) }),

    /** Starts a lead's workflow; that it runs or has run already is success. @throws TemporalUnavailableError */
    startLeadIntake: (lead: NewLead): Promise<void> =>
      startOnce<typeof leadIntake>('leadIntake', leadIntakeStart(lead)),

    /**
     * Tells a lead's workflow what happened elsewhere; for a lead that is over there is nothing to tell.
     * @throws LeadStuckError when its workflow is gone otherwise; TemporalUnavailableError
     */
    async changeLead(lead: LeadRef & { change: LeadChange }): Promise<void> {
      try {
        await within(START_DEADLINE_MS, () => leadHandle(lead).signal(changeLeadSignal, lead.change));
      } catch (error) {
        if (!(error instanceof LeadOverError)) throw error;
        const fate = await leadFate(lead);
        if (fate !== 'completed') throw new LeadStuckError({ ...lead, fate });
      }
    },

    /** Hands an account's event to its workflow, which is started when it does not run. @throws TemporalUnavailableError */
    async accountEvent(of: { agencyId: string; locationId: string | null; event: AccountEvent }): Promise<void> {
      const { agencyId, locationId, event } = of;
      await within(START_DEADLINE_MS, () =>
        workflow.signalWithStart<typeof accountSync, [AccountEvent]>('accountSync', {
          workflowId: accountSyncWorkflowId(agencyId, locationId),
          taskQueue: 'sync',
          args: [{ agencyId }],
          signal: accountEventSignal,
          signalArgs: [event],
          staticSummary: 'Installs and users of an account',
          ...searchAttributesOf(agencyId, 'account-sync', locationId),
        }),
      );
    },

    ...createContactCalls(client, within),
    ...createNotificationClient(startOnce),
    ...createWorkflowWatch(client, within),
    ...createPollingClient(client, within),
    ...createUpkeepClient(client, within),
    ...createDeploymentCalls(client, within),

    /** Tells a contact's workflow which of its records have changed, starting it when it does not run. @throws TemporalUnavailableError */
    contactChanged: (of: ChangedContact): Promise<void> =>
      within(START_DEADLINE_MS, () => signalContactChanged(client, of)),

    /** Connects an agency with what a link brought back; that it runs or has run already is success. @throws TemporalUnavailableError */
    startAgencyConnect: ({ agencyId, linkId }: { agencyId: string; linkId: string }): Promise<void> =>
      startOnce<typeof agencyConnect>('agencyConnect', {
        workflowId: agencyConnectWorkflowId(agencyId, linkId),
        taskQueue: 'interactive',
        args: [{ agencyId, linkId }],
        staticSummary: 'Connects an agency to GHL',
        ...searchAttributesOf(agencyId, 'agency-connect'),
      }),

    /** Tries a new token; that it runs or has run already is success. @throws TemporalUnavailableError */
    startCredentialRotation: (of: { agencyId: string; rotationId: string; locationId: string | null }): Promise<void> =>
      startOnce<typeof credentialRotation>('credentialRotation', {
        workflowId: credentialRotationWorkflowId(of.agencyId, of.rotationId),
        taskQueue: 'interactive',
        args: [{ agencyId: of.agencyId, rotationId: of.rotationId }],
        staticSummary: 'Tries a new GHL token before it replaces the old one',
        ...searchAttributesOf(of.agencyId, 'credential-rotation', of.locationId),
      }),

    /** Hands a lead to another rep and waits until GHL has followed. @throws what every update does, see `LeadUpdate` */
    reassignLead: (lead: LeadUpdate<ReassignRequest>): Promise<LeadStanding> => update(lead, reassignLeadUpdate),

    /** Notes that the rep has taken the lead up. */
    acceptLead: (lead: LeadUpdate<AcceptRequest>): Promise<LeadStanding> => update(lead, acceptLeadUpdate),

    /** Ends a lead. */
    closeLead: (lead: LeadUpdate<CloseRequest>): Promise<LeadStanding> => update(lead, closeLeadUpdate),

    /** How the lead stands, as its workflow knows it. @throws LeadOverError, TemporalUnavailableError */
    async leadState(lead: LeadRef): Promise<LeadStanding> {
      return within(ACCEPT_DEADLINE_MS, () => leadHandle(lead).query(leadStateQuery));
    },

    /** What became of a lead's workflow, its latest run. @throws TemporalUnavailableError */
    leadFate,

    /**
     * Lets a lead's workflow that has ended begin anew: what is done already is not done again.
     * @throws LeadOverError when Temporal knows of none; TemporalUnavailableError
     */
    resetLead: (lead: LeadRef): Promise<void> =>
      within(ACCEPT_DEADLINE_MS, () => resetToFirstTask(client, leadHandle(lead).workflowId)),

    /**
     * Leads' workflows that failed, were terminated or canceled, or ran out of time since then, newest first. What has
     * just ended can be missing for a moment: Temporal's list follows a little later.
     * @param limit how many at most @throws TemporalUnavailableError
     */
    listBrokenLeads: (since: Date, limit: number): Promise<BrokenLead[]> =>
      within(LIST_DEADLINE_MS, () => listBrokenLeads(client, since, limit)),

    /** What waits in each task queue. @throws TemporalUnavailableError after a second or two */
    taskQueueBacklogs: (): Promise<QueueBacklog[]> =>
      describeBacklogs(client, (call) => within(SCRAPE_DEADLINE_MS, call)),

    /** Whether Temporal answers within a second. */
    async isReachable(): Promise<boolean> {
      try {
        await calling(() =>
          client.withDeadline(Date.now() + 1_000, () => connection.workflowService.getSystemInfo({})),
        );
        return true;
      } catch {
        return false;
      }
    },

    close,
  };
}
