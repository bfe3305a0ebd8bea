import { checkCapacity } from './capacity.ts';
import { distanceKm } from './distance.ts';
import type { Point } from './distance.ts';
import type { LocationRefusal, RepRefusal } from './routing-decision.ts';
import type { RoutingInput, RoutingLead, RoutingLocation, RoutingRep } from './routing-input.ts';

interface AssessedRep {
  rep: RoutingRep;
  /** Null: may be given the lead. */
  refusal: RepRefusal | null;
}

export interface AssessedLocation {
  location: RoutingLocation;
  /** From the lead; null when either place is unknown. */
  distanceKm: number | null;
  /** Null: may be given the lead, and at least one of its reps is free. */
  refusal: LocationRefusal | null;
  reps: AssessedRep[];
}

/**
 * Decides whether a location may be given the lead, and which of its reps.
 * The order of the checks is from lasting to passing: a refusal from `excluded` on means that the location is the
 * right one in itself, only not now.
 * @param anyDistance true when the location was asked for by name or is where a lead without a place arrived
 */
export function assessLocation(location: RoutingLocation, input: RoutingInput, anyDistance: boolean): AssessedLocation {
  const distance = measure(location, input.lead.point);
  const reps = input.reps
    .filter((rep) => rep.locationId === location.id)
    .map((rep) => ({ rep, refusal: refuseRep(rep, input.lead) }));
  const refusal =
    refuseKind(location, input.lead) ??
    (anyDistance || location.kind !== 'location'
      ? null
      : refuseDistance(distance, location.radiusKm ?? input.defaultRadiusKm)) ??
    (input.lead.excludedLocationIds.includes(location.id) ? 'excluded' : null) ??
    refuseLoad(location) ??
    refuseStaff(reps);
  return { location, distanceKm: distance, refusal, reps };
}

/** Whether a location serves the lead's line of business. The master serves all: somebody has to. */
export function servesVertical(location: RoutingLocation, vertical: string | null): boolean {
  if (vertical === null || location.kind === 'master' || location.verticals.length === 0) return true;
  return location.verticals.includes(vertical);
}

function refuseKind(location: RoutingLocation, lead: RoutingLead): LocationRefusal | null {
  if (!location.isLive) return 'not-live';
  if (!location.isInstalled) return 'not-installed';
  return servesVertical(location, lead.vertical) ? null : 'wrong-vertical';
}

function refuseDistance(distance: number | null, radiusKm: number): LocationRefusal | null {
  if (distance === null) return 'distance-unknown';
  return distance <= radiusKm ? null : 'outside-radius';
}

function refuseLoad(location: RoutingLocation): LocationRefusal | null {
  const capacity = checkCapacity(location);
  if (capacity.hasRoom) return null;
  return capacity.reason === 'daily-cap' ? 'location-daily-cap' : 'location-full';
}

function refuseStaff(reps: readonly AssessedRep[]): LocationRefusal | null {
  if (reps.some((assessed) => assessed.refusal === null)) return null;
  return reps.some((assessed) => assessed.refusal !== 'rep-removed') ? 'no-free-rep' : 'no-rep';
}

function refuseRep(rep: RoutingRep, lead: RoutingLead): RepRefusal | null {
  if (rep.status === 'removed') return 'rep-removed';
  if (rep.status === 'suspended') return 'rep-suspended';
  if (lead.excludedRepIds.includes(rep.id)) return 'excluded';
  if (!(rep.weight > 0)) return 'rep-without-weight';
  const capacity = checkCapacity(rep);
  if (capacity.hasRoom) return null;
  return capacity.reason === 'daily-cap' ? 'rep-daily-cap' : 'rep-full';
}

function measure(location: RoutingLocation, point: Point | null): number | null {
  const { latitude, longitude } = location;
  if (point === null || latitude === null || longitude === null) return null;
  return distanceKm(point, { latitude, longitude });
}
