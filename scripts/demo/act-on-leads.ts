import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import { leadIntakeWorkflowId } from '../../domain/workflow-ids.ts';
import type { GrownAgency } from './demo-memory.ts';
import { postJson } from './http.ts';
import type { SampleLead } from './sample-lead.ts';
import type { SeenLead } from './seen-leads.ts';

export interface Operator {
  apiUrl: string;
  agency: GrownAgency;
  temporalAddress: string;
  namespace: string;
}

/**
 * Does to leads what the sample has in store for them once they are assigned.
 * @returns what went otherwise than foreseen, by the sample's key of the lead
 */
export async function actOnLeads(
  operator: Operator,
  leads: readonly { sample: SampleLead; seen: SeenLead }[],
): Promise<Map<string, string>> {
  const problems = new Map<string, string>();
  const connection = await Connection.connect({ address: operator.temporalAddress });
  // Without the payload codec: an operator's own `temporal workflow signal` is not encrypted either.
  const temporal = new Client({ connection, namespace: operator.namespace });
  try {
    for (const { sample, seen } of leads) {
      const problem = await act(operator, temporal, sample, seen);
      if (problem !== undefined) problems.set(sample.key, problem);
    }
  } finally {
    await connection.close();
  }
  return problems;
}

async function act(
  { apiUrl, agency }: Operator,
  temporal: Client,
  { then, key }: SampleLead,
  { leadId }: SeenLead,
): Promise<string | undefined> {
  if (then === undefined) return undefined;
  const repId = agency.reps[then.rep];
  if (then.act === 'signal') {
    const handle = temporal.workflow.getHandle(leadIntakeWorkflowId(agency.agencyId, leadId));
    try {
      await handle.signal('reassignLead', { repId });
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return 'reassigning it found no workflow of it';
      throw error;
    }
    return undefined;
  }
  const { status, code } = await postJson(`${apiUrl}/v1/leads/${leadId}/reassign`, {
    body: { repId },
    headers: { authorization: `Bearer ${agency.apiKey}`, 'idempotency-key': `${key}-reassign` },
    accepts: [200, 404, 409, 422],
  });
  const isRefused = status === 409 && code === then.code;
  return isRefused ? undefined : `reassigning it answered ${status} ${code ?? ''} instead of 409 ${then.code}`;
}
