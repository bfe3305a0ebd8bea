import type { CandidateReason, RoutingCandidate } from './routing-decision.ts';
import type { AssessedLocation } from './routing-eligibility.ts';

interface Chosen {
  locationId: string;
  repId: string | null;
  /** The region that would have been asked had no location taken the lead. */
  regionId: string | null;
  requestedLocationId: string | null;
}

/**
 * Says of every location, with exactly one reason, why it was or was not chosen; the reps of the chosen location,
 * and of those that had none free, follow their location.
 */
export function explainCandidates(assessed: readonly AssessedLocation[], chosen: Chosen): RoutingCandidate[] {
  const rows = assessed.flatMap((each) => [explainLocation(each, chosen), ...explainReps(each, chosen)]);
  const { requestedLocationId } = chosen;
  const isKnown = assessed.some((each) => each.location.id === requestedLocationId);
  if (requestedLocationId === null || isKnown) return rows;
  const reason = 'unknown-location';
  return [{ locationId: requestedLocationId, kind: 'location', distanceKm: null, chosen: false, reason }, ...rows];
}

function explainLocation(each: AssessedLocation, chosen: Chosen): RoutingCandidate {
  const { id, kind } = each.location;
  const isChosen = id === chosen.locationId;
  const reason = each.refusal ?? (isChosen ? 'chosen' : explainPassedOver(each, chosen));
  return { locationId: id, kind, distanceKm: each.distanceKm, chosen: isChosen, reason };
}

function explainPassedOver({ location }: AssessedLocation, chosen: Chosen): CandidateReason {
  if (location.kind === 'master') return 'not-needed';
  if (location.kind === 'region') return location.id === chosen.regionId ? 'not-needed' : 'other-region';
  return chosen.locationId === chosen.requestedLocationId ? 'not-requested' : 'farther';
}

function explainReps(each: AssessedLocation, chosen: Chosen): RoutingCandidate[] {
  const locationId = each.location.id;
  if (locationId !== chosen.locationId && each.refusal !== 'no-free-rep') return [];
  return each.reps
    .map(({ rep, refusal }): RoutingCandidate => {
      const isChosen = rep.id === chosen.repId;
      const reason = refusal ?? (isChosen ? 'chosen' : 'not-this-turn');
      return { locationId, repId: rep.id, kind: 'rep', distanceKm: null, chosen: isChosen, reason };
    })
    .sort((a, b) => ((a.repId ?? '') < (b.repId ?? '') ? -1 : 1));
}
