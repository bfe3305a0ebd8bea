import type { PlacementFacts } from '../db/lead-placement.ts';
import type { GhlCalls, LocationCall } from '../ghl/calls.ts';
import { searchOpportunities, updateOpportunity, upsertOpportunity } from '../ghl/opportunities.ts';

/**
 * Opens the lead's opportunity, or hands over the one the contact has open already: what its reps have made of that,
 * its stage and its name, stays. Repeatable.
 * @returns its id @throws GhlError
 */
export async function writeOpportunity(
  ghl: GhlCalls,
  call: LocationCall,
  facts: PlacementFacts,
  to: { contactId: string; pipelineId: string },
): Promise<string> {
  const { pipelineStageId, ghlUserId, person } = facts;
  const [open] = await searchOpportunities(ghl, call, { ...to, status: 'open' });
  if (open) {
    await updateOpportunity(ghl, call, open.id, { assignedTo: ghlUserId });
    return open.id;
  }
  const { opportunity } = await upsertOpportunity(ghl, call, {
    ...to,
    ...(pipelineStageId === null ? {} : { pipelineStageId }),
    name: [person.firstName, person.lastName].filter(Boolean).join(' ') || 'New lead',
    status: 'open',
    ...(ghlUserId === null ? {} : { assignedTo: ghlUserId }),
  });
  return opportunity.id;
}
