import { plainRefusal } from '../http/reply.ts';
import type { Simulation } from '../simulation.ts';
import type { Opportunity } from '../world/records.ts';

/** The fields of an opportunity that a caller may change. */
export type OpportunityChange = Partial<
  Pick<
    Opportunity,
    | 'name'
    | 'pipelineId'
    | 'pipelineStageId'
    | 'status'
    | 'monetaryValue'
    | 'assignedTo'
    | 'source'
    | 'lostReasonId'
    | 'customFields'
    | 'forecastExpectedCloseDate'
    | 'forecastProbability'
  >
>;

/** Returns the opportunity. Raises 404 where it does not exist. */
export function getOpportunity(sim: Simulation, opportunityId: string): Opportunity {
  const opportunity = sim.world.opportunities.get(opportunityId);
  if (!opportunity) throw plainRefusal(404, `Opportunity with id ${opportunityId} not found`);
  return opportunity;
}

/**
 * Makes an opportunity and announces it twice, as GHL does (create, then update).
 * Raises 400 for an unknown contact or pipeline, and for a second open one where the location does not allow it.
 */
export function createOpportunity(
  sim: Simulation,
  place: { locationId: string; contactId: string; pipelineId: string },
  fields: OpportunityChange & { name: string },
): Opportunity {
  const contact = sim.world.contacts.find(place.contactId);
  if (contact?.locationId !== place.locationId) throw plainRefusal(400, `Contact with id ${place.contactId} not found`);
  refuseBadPlace(sim, place.locationId, place.pipelineId, fields.pipelineStageId);
  refuseSecondOpen(sim, place);
  const now = sim.clock.now().toISOString();
  const opportunity: Opportunity = {
    id: sim.random.id(),
    ...place,
    pipelineStageId: sim.world.pipelines.get(place.pipelineId)?.stages[0]?.id,
    status: 'open',
    monetaryValue: 0,
    customFields: [],
    followers: [],
    createdAt: now,
    updatedAt: now,
    ...fields,
  };
  sim.world.opportunities.set(opportunity.id, opportunity);
  announce(sim, 'OpportunityCreate', opportunity);
  announce(sim, 'OpportunityUpdate', opportunity);
  return opportunity;
}

/** Writes fields over an opportunity and announces each change beside the general update. Raises 400 for an unknown stage. */
export function updateOpportunity(sim: Simulation, before: Opportunity, fields: OpportunityChange): Opportunity {
  const after: Opportunity = { ...before, ...fields, updatedAt: sim.clock.now().toISOString() };
  refuseBadPlace(sim, after.locationId, after.pipelineId, after.pipelineStageId);
  sim.world.opportunities.set(after.id, after);
  announce(sim, 'OpportunityUpdate', after);
  if (after.monetaryValue !== before.monetaryValue) announce(sim, 'OpportunityMonetaryValueUpdate', after);
  if (after.status !== before.status) announce(sim, 'OpportunityStatusUpdate', after);
  if (after.pipelineStageId !== before.pipelineStageId) announce(sim, 'OpportunityStageUpdate', after);
  if (after.assignedTo !== before.assignedTo) announce(sim, 'OpportunityAssignedToUpdate', after);
  return after;
}

/** Names who follows an opportunity; nothing announces that. */
export function setFollowers(sim: Simulation, before: Opportunity, followers: string[]): Opportunity {
  const after = { ...before, followers, updatedAt: sim.clock.now().toISOString() };
  sim.world.opportunities.set(after.id, after);
  return after;
}

/** Removes an opportunity and announces it: a delete, then, oddly, an update. */
export function deleteOpportunity(sim: Simulation, opportunity: Opportunity): void {
  sim.world.opportunities.delete(opportunity.id);
  sim.changes.noteRemoved('opportunity', [opportunity.id], sim.clock.now());
  announce(sim, 'OpportunityDelete', opportunity);
  announce(sim, 'OpportunityUpdate', opportunity);
}

function refuseBadPlace(
  sim: Simulation,
  locationId: string,
  pipelineId: string,
  stageId: string | null | undefined,
): void {
  const pipeline = sim.world.pipelines.get(pipelineId);
  if (pipeline?.locationId !== locationId) throw plainRefusal(400, 'The pipeline id is invalid.');
  if (stageId && !pipeline.stages.some((stage) => stage.id === stageId)) {
    throw plainRefusal(400, 'The pipeline stage id is invalid.');
  }
}

function refuseSecondOpen(sim: Simulation, place: { locationId: string; contactId: string; pipelineId: string }): void {
  if (sim.world.locations.get(place.locationId)?.settings.allowDuplicateOpportunity) return;
  for (const other of sim.world.opportunities.values()) {
    if (other.contactId === place.contactId && other.pipelineId === place.pipelineId && other.status === 'open') {
      throw plainRefusal(400, 'Can not create duplicate opportunity for the contact.');
    }
  }
}

function announce(sim: Simulation, type: string, opportunity: Opportunity): void {
  const companyId = sim.world.locations.get(opportunity.locationId)?.companyId ?? '';
  const { id, name, pipelineId, pipelineStageId, status, monetaryValue, assignedTo, contactId, source } = opportunity;
  const fields = {
    id,
    name,
    pipelineId,
    pipelineStageId,
    status,
    monetaryValue,
    ...(assignedTo ? { assignedTo } : {}),
    contactId,
    ...(source ? { source } : {}),
    dateAdded: opportunity.createdAt,
  };
  sim.emitter.emit({ type, companyId, locationId: opportunity.locationId, fields });
}
