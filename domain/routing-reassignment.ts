import { checkCapacity } from './capacity.ts';
import type { RoutingLocation, RoutingRep } from './routing-input.ts';

export interface ReassignmentInput {
  lead: {
    isClosed: boolean;
    /** Where the lead is now; null before its first assignment. */
    locationId: string | null;
    repId: string | null;
  };
  targetRepId: string;
  locations: readonly RoutingLocation[];
  reps: readonly RoutingRep[];
  /** Over caps; nothing else gives way. */
  force: boolean;
}

export interface ReassignmentCheck {
  allowed: boolean;
  reason: ReassignmentReason;
}

export type ReassignmentReason =
  | 'ok'
  | 'lead-closed'
  | 'unknown-rep'
  | 'same-rep'
  | 'rep-not-active'
  | 'location-not-live'
  | 'location-not-installed'
  | 'rep-full'
  | 'rep-daily-cap'
  | 'location-full'
  | 'location-daily-cap';

/**
 * Decides whether an operator may hand a lead to a certain rep.
 * Distance, vertical and the rep's weight do not count: the operator knows better. Caps do, unless `force` is set;
 * those of the location only when the lead moves into it, for within a location it is already counted.
 */
export function checkReassignment(input: ReassignmentInput): ReassignmentCheck {
  const refusal = refuseReassignment(input);
  return { allowed: refusal === undefined, reason: refusal ?? 'ok' };
}

function refuseReassignment(input: ReassignmentInput): ReassignmentReason | undefined {
  const rep = input.reps.find((each) => each.id === input.targetRepId);
  const location = input.locations.find((each) => each.id === rep?.locationId);
  if (input.lead.isClosed) return 'lead-closed';
  if (rep === undefined || location === undefined) return 'unknown-rep';
  if (rep.id === input.lead.repId) return 'same-rep';
  if (rep.status !== 'active') return 'rep-not-active';
  if (!location.isLive) return 'location-not-live';
  if (!location.isInstalled) return 'location-not-installed';
  return input.force ? undefined : refuseOverCap(rep, location, input.lead.locationId);
}

function refuseOverCap(
  rep: RoutingRep,
  location: RoutingLocation,
  currentLocationId: string | null,
): ReassignmentReason | undefined {
  const ofRep = checkCapacity(rep);
  if (!ofRep.hasRoom) return ofRep.reason === 'full' ? 'rep-full' : 'rep-daily-cap';
  const ofLocation = checkCapacity(location);
  if (location.id === currentLocationId || ofLocation.hasRoom) return undefined;
  return ofLocation.reason === 'full' ? 'location-full' : 'location-daily-cap';
}
