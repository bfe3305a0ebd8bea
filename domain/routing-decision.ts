/** One routing choice, kept as it is: what was chosen, by which rule, and why not the others. */
export interface RoutingDecision {
  locationId: string;
  /** Null when the lead waits in the master's queue. */
  repId: string | null;
  /** The pass to store for the chosen rep. */
  rotationPass: number | null;
  outcome: 'assigned' | 'queued';
  step: RoutingStep;
  reason: RoutingReason;
  /**
   * Every location once, nearest first, and below a location the reps who were weighed there.
   * The master of a queued lead is `chosen` and keeps as its reason why it had no rep to give.
   */
  candidates: RoutingCandidate[];
  ruleVersion: string;
}

/** How far down the ladder the choice was made. */
export type RoutingStep = 'nearest' | 'next-nearest' | 'region' | 'master' | 'master-queue' | 'intake-queue';

export type RoutingReason =
  | 'requested-location'
  /** Neither phone nor e-mail: nobody can call back. */
  | 'unreachable'
  /** No place is known for the lead, and the account it arrived in serves leads itself. */
  | 'intake-location'
  | 'nearest-location'
  /** Why the nearest suitable location was passed over for the next. */
  | 'nearest-full'
  | 'nearest-daily-cap'
  | 'nearest-no-rep'
  | 'nearest-no-free-rep'
  | 'nearest-excluded'
  /** Why no location could take the lead, and the region or the master was asked. */
  | 'postcode-missing'
  | 'postcode-malformed'
  | 'postcode-unknown'
  | 'none-in-radius'
  | 'none-available'
  | 'no-suitable-location';

export interface RoutingCandidate {
  locationId: string;
  repId?: string;
  kind: 'location' | 'region' | 'master' | 'rep';
  distanceKm: number | null;
  chosen: boolean;
  reason: CandidateReason;
}

export type CandidateReason = 'chosen' | LocationRefusal | RepRefusal | LocationPassedOver | 'not-this-turn';

/** Why a location cannot take the lead. */
export type LocationRefusal =
  | 'not-live'
  | 'not-installed'
  | 'wrong-vertical'
  | 'distance-unknown'
  | 'outside-radius'
  | 'excluded'
  | 'location-full'
  | 'location-daily-cap'
  | 'no-rep'
  | 'no-free-rep';

/** Why a rep cannot take the lead. */
export type RepRefusal =
  'excluded' | 'rep-removed' | 'rep-suspended' | 'rep-without-weight' | 'rep-full' | 'rep-daily-cap';

/** Why a location that could have taken the lead did not get it. */
type LocationPassedOver =
  | 'farther'
  | 'not-requested'
  | 'other-region'
  | 'not-needed'
  /** Named by the caller, but no location of this agency. */
  | 'unknown-location';
