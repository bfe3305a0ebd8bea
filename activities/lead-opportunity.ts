import type { PlacementFacts } from '../db/lead-placement.ts';
import type { GhlCalls, LocationCall } from '../ghl/calls.ts';
import type { GhlOpportunity } from '../ghl/opportunity-schema.ts';
import { createOpportunity, updateOpportunity, upsertOpportunity } from '../ghl/opportunities.ts';
import type { ReadCache } from '../ghl/read-cache.ts';
import { writeInStage } from './lead-pipeline.ts';

/**
 * Opens the lead's opportunity, or hands over the one the contact has open already: what its reps have made of that,
 * its stage and its name, stays. Repeatable.
 * @param earlier what the contact has in the pipeline, as `searchOpportunities` shows it: looked for in GHL itself, for one
 *   that is remembered may be closed or gone, and the lead would have two or none
 * @returns its id, and how GHL showed it where it was made now
 * @throws GhlError; ApplicationFailure PipelineGone, final
 */
export async function writeOpportunity(
  ghl: GhlCalls,
  reads: ReadCache,
  call: LocationCall,
  facts: PlacementFacts,
  to: { contactId: string; pipelineId: string },
  earlier: readonly GhlOpportunity[],
): Promise<{ opportunityId: string; made?: GhlOpportunity }> {
  const { pipelineStageId, ghlUserId, person } = facts;
  const own = earlier.find((opportunity) => opportunity.id === facts.knownOpportunityId);
  const open = own ?? earlier.find((opportunity) => opportunity.status === 'open');
  if (open) {
    // A lead that comes back finds its own, which was abandoned when it left.
    await updateOpportunity(ghl, call, open.id, { status: 'open', assignedTo: ghlUserId });
    return { opportunityId: open.id };
  }
  const fields = {
    ...to,
    name: [person.firstName, person.lastName].filter(Boolean).join(' ') || 'New lead',
    status: 'open' as const,
    ...(ghlUserId === null ? {} : { assignedTo: ghlUserId }),
  };
  return writeInStage(reads, call, { pipelineId: to.pipelineId, stageId: pipelineStageId }, async (stageId) => {
    const inStage = { ...fields, ...(stageId === null ? {} : { pipelineStageId: stageId }) };
    // An upsert would open the won or lost one of an earlier enquiry again, and with it change the agency's history.
    if (earlier.length > 0) {
      const made = await createOpportunity(ghl, call, inStage);
      return { opportunityId: made.id, made };
    }
    const { opportunity, isNew } = await upsertOpportunity(ghl, call, inStage);
    return { opportunityId: opportunity.id, ...(isNew && { made: opportunity }) };
  });
}
