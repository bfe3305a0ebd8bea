import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { readLeadIntakeWorkflowId } from '../domain/workflow-ids.ts';

/** What became of a lead's workflow. `unknown`: Temporal knows of none, because it never was or ended long ago. */
export type LeadFate = 'running' | 'completed' | 'broken' | 'unknown';

const BROKEN_STATUSES: readonly string[] = ['FAILED', 'TERMINATED', 'TIMED_OUT', 'CANCELLED'];

/** A lead whose workflow ended without closing it. */
export interface BrokenLead {
  agencyId: string;
  leadId: string;
  /** How it ended, as a code word: `failed`, `terminated`, `timed-out`, `cancelled`. */
  ending: string;
  endedAt: Date | null;
}

/**
 * The lead's workflow did not end as a lead does, or never was: nobody takes up what is told to it. The same can be told
 * again once an operator has redriven the lead.
 */
export class LeadStuckError extends Error {
  static readonly CODE = 'lead-stuck';
  readonly code = LeadStuckError.CODE;
  readonly agencyId: string;
  readonly leadId: string;
  readonly fate: LeadFate;
  constructor({ agencyId, leadId, fate }: { agencyId: string; leadId: string; fate: LeadFate }) {
    super('the lead has lost its workflow');
    this.name = 'LeadStuckError';
    this.agencyId = agencyId;
    this.leadId = leadId;
    this.fate = fate;
  }
}

/** What became of a lead's workflow, its latest run. @throws what the client throws but that there is none */
export async function readLeadFate(client: Client, workflowId: string): Promise<LeadFate> {
  try {
    const { status } = await client.workflow.getHandle(workflowId).describe();
    if (status.name === 'COMPLETED') return 'completed';
    return BROKEN_STATUSES.includes(status.name) ? 'broken' : 'running';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'unknown';
    throw error;
  }
}

/** Leads' workflows that did not complete and ended since then, newest first, `limit` at most. */
export async function listBrokenLeads(client: Client, since: Date, limit: number): Promise<BrokenLead[]> {
  const query = `WorkflowType = 'leadIntake' and CloseTime >= '${since.toISOString()}' and ExecutionStatus in ('Failed', 'Terminated', 'TimedOut', 'Canceled')`;
  const broken: BrokenLead[] = [];
  for await (const { workflowId, status, closeTime } of client.workflow.list({ query })) {
    const lead = readLeadIntakeWorkflowId(workflowId);
    const endedAt = closeTime ?? null;
    if (lead) broken.push({ ...lead, ending: status.name.toLowerCase().replaceAll('_', '-'), endedAt });
    if (broken.length === limit) break;
  }
  return broken;
}

/**
 * Lets the latest run of a workflow that has ended begin anew. Signals of that run come to the new one again, for some
 * may not have been obeyed; updates do not, because their callers were told how they went. Repeating it resets once.
 * @throws WorkflowNotFoundError; what gRPC throws
 */
export async function resetToFirstTask(client: Client, workflowId: string): Promise<void> {
  const { runId, status } = await client.workflow.getHandle(workflowId).describe();
  if (status.name === 'RUNNING') return;
  const { workflowService, options } = client;
  const { namespace } = options;
  const execution = { workflowId, runId };
  const { history } = await workflowService.getWorkflowExecutionHistory({ namespace, execution, maximumPageSize: 10 });
  // A run that no worker has seen has a first task as well, only not a completed one: what follows its scheduling will do.
  const scheduled = history?.events?.find((event) => event.workflowTaskScheduledEventAttributes)?.eventId;
  if (!scheduled) throw new Error('the history has no workflow task');
  await workflowService.resetWorkflowExecution({
    namespace,
    workflowExecution: execution,
    reason: 'redriven by an operator',
    requestId: `redrive:${runId}`,
    workflowTaskFinishEventId: scheduled.add(1),
    resetReapplyExcludeTypes: [RESET_REAPPLY_EXCLUDE_UPDATE],
  });
}

/** RESET_REAPPLY_EXCLUDE_TYPE_UPDATE of Temporal's API. */
const RESET_REAPPLY_EXCLUDE_UPDATE = 2;
