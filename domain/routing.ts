import { nextInRotation } from './rotation.ts';
import { explainCandidates } from './routing-candidates.ts';
import type { RoutingDecision, RoutingReason, RoutingStep } from './routing-decision.ts';
import { assessLocation, servesVertical } from './routing-eligibility.ts';
import type { AssessedLocation } from './routing-eligibility.ts';
import type { RoutingInput, RoutingLocation } from './routing-input.ts';

/** Stored with every decision; changes whenever the same input could lead to another choice. */
export const ROUTING_RULE_VERSION = 'nearest-1';

/** The agency's locations cannot be routed over at all; an operator has to set them up. */
export class RoutingConfigurationError extends Error {
  readonly code = 'no-master';

  constructor() {
    super('The agency has no master location: a lead that nobody can take would have nowhere to wait');
    this.name = 'RoutingConfigurationError';
  }
}

interface Choice {
  at: AssessedLocation;
  step: RoutingStep;
  reason: RoutingReason;
}

/**
 * Decides where a lead goes and who gets it: the location the caller named, else the nearest suitable location with
 * room and a free rep, else the region of the nearest, else the master's reps, else the master's queue.
 * Callers know `RoutingInput` and `RoutingDecision` only, so another rule can stand in for this one.
 * @returns always a decision; the same input gives the same one
 * @throws RoutingConfigurationError when there is no master
 */
export function chooseRoute(input: RoutingInput): RoutingDecision {
  const { lead, locations } = input;
  const named = findLocation(locations, lead.requestedLocationId);
  const intake = findLocation(locations, lead.intakeLocationId);
  // Without a place there is no nearest, and the account the lead arrived in is the best guess.
  const guess = lead.point === null && intake?.kind === 'location' ? intake : undefined;

  const assessed = locations
    .map((location) => assessLocation(location, input, location === named || location === guess))
    .sort(byDistance);
  const master = assessed.find((each) => each.location.kind === 'master');
  if (master === undefined) throw new RoutingConfigurationError();

  const region = findRegion(findAnchor(assessed, input) ?? intake, locations);
  const fallbackReason = explainFallback(assessed, input);
  const choice: Choice = lead.isReachable
    ? (tryOne(assessed, named, 'requested-location') ??
      tryOne(assessed, guess, 'intake-location') ??
      tryNearest(assessed) ??
      tryOne(assessed, region, fallbackReason) ??
      tryOne(assessed, master.location, fallbackReason) ?? { at: master, step: 'master-queue', reason: fallbackReason })
    : keepWhereItCame(assessed, intake ?? master.location);

  const isQueued = choice.step === 'master-queue' || choice.step === 'intake-queue';
  const turn = isQueued ? undefined : nextInRotation(listFreeReps(choice.at));
  return {
    locationId: choice.at.location.id,
    repId: turn?.repId ?? null,
    rotationPass: turn?.rotationPass ?? null,
    outcome: turn === undefined ? 'queued' : 'assigned',
    step: choice.step,
    reason: choice.reason,
    candidates: explainCandidates(assessed, {
      locationId: choice.at.location.id,
      repId: turn?.repId ?? null,
      regionId: region?.id ?? null,
      requestedLocationId: lead.requestedLocationId ?? null,
    }),
    ruleVersion: ROUTING_RULE_VERSION,
  };
}

/** Without phone and e-mail nobody elsewhere could call back: somebody at the account it came in by looks at it. */
function keepWhereItCame(assessed: readonly AssessedLocation[], intake: RoutingLocation): Choice {
  const at = assessed.find((each) => each.location === intake)!;
  return tryOne(assessed, intake, 'unreachable') ?? { at, step: 'intake-queue', reason: 'unreachable' };
}

function tryOne(
  assessed: readonly AssessedLocation[],
  location: RoutingLocation | undefined,
  reason: RoutingReason,
): Choice | undefined {
  const at = assessed.find((each) => each.location === location);
  if (at === undefined || at.refusal !== null) return undefined;
  return { at, step: at.location.kind === 'location' ? 'nearest' : at.location.kind, reason };
}

function tryNearest(assessed: readonly AssessedLocation[]): Choice | undefined {
  const suitable = assessed.filter(isSuitable);
  const at = suitable.find((each) => each.refusal === null);
  const nearest = suitable[0];
  if (at === undefined || nearest === undefined) return undefined;
  return { at, step: at === nearest ? 'nearest' : 'next-nearest', reason: explainNearest(nearest) };
}

/** The right location in itself, whether or not it can take a lead at this moment. */
function isSuitable({ location, refusal }: AssessedLocation): boolean {
  return location.kind === 'location' && (refusal === null || explainPassing(refusal) !== undefined);
}

function explainNearest({ refusal }: AssessedLocation): RoutingReason {
  return (refusal && explainPassing(refusal)) ?? 'nearest-location';
}

function explainPassing(refusal: NonNullable<AssessedLocation['refusal']>): RoutingReason | undefined {
  switch (refusal) {
    case 'excluded':
      return 'nearest-excluded';
    case 'location-full':
      return 'nearest-full';
    case 'location-daily-cap':
      return 'nearest-daily-cap';
    case 'no-rep':
      return 'nearest-no-rep';
    case 'no-free-rep':
      return 'nearest-no-free-rep';
    case 'not-live':
    case 'not-installed':
    case 'wrong-vertical':
    case 'distance-unknown':
    case 'outside-radius':
      return undefined;
  }
}

function explainFallback(assessed: readonly AssessedLocation[], { lead }: RoutingInput): RoutingReason {
  // A postcode without a place is unknown, whatever was said of its spelling.
  if (lead.point === null) return lead.postcodeReason === 'ok' ? 'postcode-unknown' : `postcode-${lead.postcodeReason}`;
  if (assessed.some(isSuitable)) return 'none-available';
  return assessed.some((each) => each.refusal === 'outside-radius') ? 'none-in-radius' : 'no-suitable-location';
}

/** The nearest location of the right vertical, in reach or not: it tells in whose region the lead lives. */
function findAnchor(assessed: readonly AssessedLocation[], { lead }: RoutingInput): RoutingLocation | undefined {
  return assessed.find(
    ({ location, distanceKm }) =>
      distanceKm !== null && location.kind === 'location' && servesVertical(location, lead.vertical),
  )?.location;
}

function findRegion(
  from: RoutingLocation | undefined,
  locations: readonly RoutingLocation[],
): RoutingLocation | undefined {
  let current = from;
  // Parents that form a circle end the walk after as many steps as there are locations.
  for (let step = 0; step <= locations.length && current !== undefined; step += 1) {
    if (current.kind === 'region') return current;
    current = findLocation(locations, current.parentId);
  }
  return undefined;
}

function findLocation(
  locations: readonly RoutingLocation[],
  id: string | null | undefined,
): RoutingLocation | undefined {
  return locations.find((location) => location.id === id);
}

function listFreeReps(at: AssessedLocation): AssessedLocation['reps'][number]['rep'][] {
  return at.reps.filter((each) => each.refusal === null).map((each) => each.rep);
}

function byDistance(a: AssessedLocation, b: AssessedLocation): number {
  const difference = (a.distanceKm ?? Infinity) - (b.distanceKm ?? Infinity);
  // Infinity minus itself is NaN, which means equally unknown.
  if (difference < 0 || difference > 0) return difference;
  return a.location.id < b.location.id ? -1 : 1;
}
