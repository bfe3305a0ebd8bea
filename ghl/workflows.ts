import type { GhlCalls, LocationCall } from './calls.ts';
import type { GhlWorkflow } from './workflow-schema.ts';

/** All of GHL's automations in the location; none can be made by the API. They change rarely. */
export async function listWorkflows(ghl: GhlCalls, context: LocationCall): Promise<GhlWorkflow[]> {
  const query = { locationId: context.resource.ghlLocationId };
  const answer = await ghl.call('listWorkflows', { ...context, query });
  return answer.workflows;
}
