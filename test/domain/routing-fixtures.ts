import type { RoutingCandidate, RoutingDecision } from '../../domain/routing-decision.ts';
import type { RoutingInput, RoutingLead, RoutingLocation, RoutingRep } from '../../domain/routing-input.ts';

const NO_LOAD = { openLeads: 0, maxOpenLeads: null, leadsToday: 0, dailyCap: null };

/** One degree of latitude is about 111 km: locations are placed due north of the lead at 0, 0. */
const DEGREES_PER_KM = 1 / 111.19;

/** A live, installed location below the region, without limits and without a place. */
export function location(id: string, fields: Partial<RoutingLocation> = {}): RoutingLocation {
  const base = { id, parentId: 'region', kind: 'location', verticals: [], radiusKm: null } as const;
  return { ...base, latitude: null, longitude: null, isLive: true, isInstalled: true, ...NO_LOAD, ...fields };
}

/** The same, so many kilometres from the lead. */
export function locationAt(id: string, kmAway: number, fields: Partial<RoutingLocation> = {}): RoutingLocation {
  return location(id, { latitude: kmAway * DEGREES_PER_KM, longitude: 0, ...fields });
}

/** An active rep without limits. */
export function rep(locationId: string, fields: Partial<RoutingRep> = {}): RoutingRep {
  return { id: `${locationId}-rep`, locationId, status: 'active', weight: 1, rotationPass: 0, ...NO_LOAD, ...fields };
}

/** A lead at 0, 0 that arrived at the master. */
export function lead(fields: Partial<RoutingLead> = {}): RoutingLead {
  return {
    intakeLocationId: 'master',
    isReachable: true,
    postcode: '02116',
    country: 'US',
    point: { latitude: 0, longitude: 0 },
    postcodeReason: 'ok',
    vertical: null,
    excludedLocationIds: [],
    excludedRepIds: [],
    ...fields,
  };
}

/** Master, one region and locations `near` (10 km), `middle` (20 km), `far` (30 km), each with one free rep. */
export function agency(fields: Partial<RoutingInput> = {}): RoutingInput {
  const locations = [
    location('master', { kind: 'master', parentId: null }),
    location('region', { kind: 'region', parentId: 'master' }),
    locationAt('far', 30),
    locationAt('near', 10),
    locationAt('middle', 20),
  ];
  return {
    now: new Date('2026-06-01T12:00:00Z'),
    lead: lead(),
    locations,
    reps: locations.map(({ id }) => rep(id)),
    defaultRadiusKm: 50,
    ...fields,
  };
}

/** The same agency with some locations changed. */
export function withLocations(input: RoutingInput, changes: Record<string, Partial<RoutingLocation>>): RoutingInput {
  return { ...input, locations: input.locations.map((each) => ({ ...each, ...changes[each.id] })) };
}

/** The same agency with some reps changed. */
export function withReps(input: RoutingInput, changes: Record<string, Partial<RoutingRep>>): RoutingInput {
  return { ...input, reps: input.reps.map((each) => ({ ...each, ...changes[each.id] })) };
}

/** The candidates that are locations, regions or the master. */
export function locationRows(decision: RoutingDecision): RoutingCandidate[] {
  return decision.candidates.filter((candidate) => candidate.kind !== 'rep');
}

/** Why each location was or was not chosen. */
export function reasons(decision: RoutingDecision): Record<string, string> {
  return Object.fromEntries(locationRows(decision).map(({ locationId, reason }) => [locationId, reason]));
}

/** Why each rep who was weighed was or was not chosen. */
export function repReasons(decision: RoutingDecision): Record<string, string> {
  const rows = decision.candidates.filter((candidate) => candidate.kind === 'rep');
  return Object.fromEntries(rows.map(({ repId = '', reason }) => [repId, reason]));
}
