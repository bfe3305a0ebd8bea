import type { Load } from './capacity.ts';
import type { Point } from './distance.ts';
import type { RotationMember } from './rotation.ts';

/** Everything a routing rule may look at: read in one transaction, so that caps and passes belong together. */
export interface RoutingInput {
  now: Date;
  lead: RoutingLead;
  /** Every location of the agency, its regions and its master. */
  locations: readonly RoutingLocation[];
  /** The reps of these locations, those that cannot take leads now included. */
  reps: readonly RoutingRep[];
  /** For locations without a radius of their own. */
  defaultRadiusKm: number;
}

export interface RoutingLead {
  /** The account in which the lead arrived. */
  intakeLocationId: string;
  /** Whether the person gave a phone or an e-mail that can be used. */
  isReachable: boolean;
  postcode: string | null;
  country: string | null;
  /** Where the postcode is; null when it is not known. */
  point: Point | null;
  /** From `normalisePostcode`; spelled out here to keep its tables out of what routing imports. */
  postcodeReason: 'ok' | 'missing' | 'malformed' | 'unknown';
  /** The line of business asked for; null suits every location. */
  vertical: string | null;
  /** The location an API caller named; tried first. */
  requestedLocationId?: string | null;
  /** Where handing over this lead failed for good before. */
  excludedLocationIds: readonly string[];
  /** Reps who had this lead before or could not be given it. */
  excludedRepIds: readonly string[];
}

export interface RoutingLocation extends Load {
  id: string;
  parentId: string | null;
  kind: 'master' | 'region' | 'location';
  /** Lines of business served, spelled as in the lead; empty means all. */
  verticals: readonly string[];
  latitude: number | null;
  longitude: number | null;
  radiusKm: number | null;
  isLive: boolean;
  isInstalled: boolean;
}

export interface RoutingRep extends Load, RotationMember {
  locationId: string;
  status: 'active' | 'suspended' | 'removed';
}
