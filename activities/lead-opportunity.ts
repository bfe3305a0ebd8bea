import type { PlacementFacts } from '../db/lead-placement.ts';
import type { GhlCalls, LocationCall } from '../ghl/calls.ts';
import { createOpportunity, searchOpportunities, updateOpportunity, upsertOpportunity } from '../ghl/opportunities.ts';

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
  const earlier = await searchOpportunities(ghl, call, to);
  const own = earlier.find((opportunity) => opportunity.id === facts.knownOpportunityId);
  const open = own ?? earlier.find((opportunity) => opportunity.status === 'open');
  if (open) {
    // A lead that comes back finds its own, which was abandoned when it left.
    await updateOpportunity(ghl, call, open.id, { status: 'open', assignedTo: ghlUserId });
    return open.id;
  }
  const fields = {
    ...to,
    ...(pipelineStageId === null ? {} : { pipelineStageId }),
    name: [person.firstName, person.lastName].filter(Boolean).join(' ') || 'New lead',
    status: 'open' as const,
    ...(ghlUserId === null ? {} : { assignedTo: ghlUserId }),
  };
  // An upsert would open the won or lost one of an earlier enquiry again, and with it change the agency's history.
  if (earlier.length > 0) return (await createOpportunity(ghl, call, fields)).id;
  return (await upsertOpportunity(ghl, call, fields)).opportunity.id;
}
