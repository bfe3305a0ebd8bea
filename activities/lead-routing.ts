import { ApplicationFailure } from '@temporalio/activity';
import type { Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { listAssignments } from '../db/assignments.ts';
import { reserveRouted } from '../db/decisions.ts';
import { findEvent } from '../db/events.ts';
import { getPerson, type PersonDetails } from '../db/persons.ts';
import {
  findGhlReach,
  type GhlReach,
  listRoutingLocations,
  listRoutingReps,
  lockRouting,
  type RoutingLocationRow,
} from '../db/routing.ts';
import type { Assignment, Database, Lead } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import { type Enquiry, normaliseEnquiry } from '../domain/enquiry.ts';
import type { LeadStanding } from '../domain/lead-messages.ts';
import { locatePostcode, normalisePostcode } from '../domain/postcode.ts';
import { listRefusingLocations, type SlotEnding, wasGivenUp } from '../domain/refusing-locations.ts';
import { chooseRoute } from '../domain/routing.ts';
import type { StoreDeps } from './dependencies.ts';
import { EnquiryUnreadableError, readEnquiry } from './enquiry.ts';
import { noteUnrouted } from './lead-notices.ts';
import { recogniseLead } from './lead-recognition.ts';
import { lockKnownLead } from './lead-records.ts';
import { readStoredBody } from './stored-body.ts';
import { standingOf } from './lead-standing.ts';

export interface LeadArgs {
  agencyId: string;
  leadId: string;
}

export type RouteOutcome =
  | {
      outcome: 'reserved';
      assignmentId: string;
      locationId: string;
      repId: string | null;
      /** Whether GHL can be written for it: the master's queue of an agency that is not connected cannot. */
      isPlaceable: boolean;
    }
  /** Nothing to place: the lead joined an open one of the same person, or is over. */
  | { outcome: 'closed'; standing: LeadStanding }
  /** GHL cut the payload: the contact must be read from GHL first. */
  | { outcome: 'cut'; intakeLocationId: string };

/** Where no location has a radius of its own. */
const DEFAULT_RADIUS_KM = 80;

type Tx = Transaction<Database>;

export function createLeadRouting(deps: StoreDeps) {
  /**
   * Recognises who asks, decides where the lead goes and takes the slot, in one transaction: two leads never take the
   * same last slot. Repeating it gives the slot that was taken, also when that one is confirmed already. `reroute`
   * looks for another rep while one is assigned.
   */
  async function routeLead({ agencyId, leadId, reroute }: LeadArgs & { reroute: boolean }): Promise<RouteOutcome> {
    const now = deps.now();
    return withScope(deps.db, { agencyId }, async (tx) => {
      await lockRouting(tx, agencyId);
      const lead = await lockKnownLead(tx, leadId);
      if (lead.state === 'closed') return { outcome: 'closed', standing: standingOf(lead, null) };
      const earlier = await listAssignments(tx, leadId);
      const find = (state: Assignment['state']) => earlier.find((each) => each.state === state);
      const taken = find('reserved') ?? (reroute ? undefined : find('active'));
      if (taken) return reservationOf(taken, earlier, await findGhlReach(tx, taken.location_id, now));

      const isNew = lead.state === 'received';
      const enquiry = isNew ? await enquiryOf(tx, lead) : undefined;
      if (enquiry === 'cut') return { outcome: 'cut', intakeLocationId: lead.intake_location_id };
      const locations = await listRoutingLocations(tx, now, leadId);
      const known = enquiry
        ? await recogniseLead(tx, lead, enquiry, locations, now)
        : { lead, person: await personOf(tx, lead) };
      if (known.lead.state === 'closed') return { outcome: 'closed', standing: standingOf(known.lead, null) };
      return decide(tx, { ...known, earlier, locations }, now, reroute);
    });
  }

  async function enquiryOf(tx: Tx, lead: Lead): Promise<Enquiry | 'cut'> {
    const event = await findEvent(tx, lead.event_row_id, lead.event_received_at);
    if (!event?.body) throw ApplicationFailure.nonRetryable('the event of the lead is gone', 'LeadEventGone');
    try {
      const raw = readEnquiry(event.source, readStoredBody(deps.keys, event, event.body));
      return raw === 'cut' ? raw : normaliseEnquiry(raw);
    } catch (error) {
      if (!(error instanceof EnquiryUnreadableError)) throw error;
      throw ApplicationFailure.nonRetryable(error.message, error.code);
    }
  }

  return { routeLead };
}

/** A lead that is to be routed, with what its agency's locations carry. */
interface Routable {
  lead: Lead;
  person: PersonDetails | undefined;
  /** The assignments it has had. */
  earlier: readonly Assignment[];
  locations: readonly RoutingLocationRow[];
}

async function personOf(tx: Tx, { person_id: id }: Lead): Promise<PersonDetails | undefined> {
  return id === null ? undefined : getPerson(tx, id);
}

async function decide(tx: Tx, routable: Routable, now: Date, reroute: boolean): Promise<RouteOutcome> {
  const { lead, earlier, locations } = routable;
  const { decision, input, isRepeated } = await choose(tx, routable, now, reroute);
  const { locationId, repId } = decision;
  const ids = { agencyId: lead.agency_id, leadId: lead.id };
  const decisionId = uuidv7();
  const assignmentId = uuidv7();
  const kind = reroute || isRepeated ? ('reroute' as const) : ('route' as const);
  const { step, reason } = decision;
  await noteUnrouted(tx, lead, { id: decisionId, step, reason, locationId, repId }, now);
  await reserveRouted(tx, { ...decision, ...ids, id: decisionId, kind, inputs: input, now }, assignmentId);
  const chosen = locations.find(({ id }) => id === locationId);
  return reservationOf({ id: assignmentId, location_id: locationId, rep_id: repId }, earlier, chosen);
}

/** Chooses for a lead as things are now, and stores nothing. */
async function choose(tx: Tx, { lead, person, earlier, locations }: Routable, now: Date, reroute: boolean) {
  const place = normalisePostcode(lead.postcode, lead.country);
  const located = place.postcode && place.country ? locatePostcode(place.postcode, place.country) : undefined;
  const input = {
    isReachable: Boolean(person?.email ?? person?.phone),
    intakeLocationId: lead.intake_location_id,
    postcode: place.postcode,
    country: place.country,
    point: located ? { latitude: located.latitude, longitude: located.longitude } : null,
    postcodeReason: lead.postcode_reason ?? place.reason,
    vertical: lead.vertical,
    requestedLocationId: lead.requested_location_id,
    excludedLocationIds: listRefusingLocations(earlier.map(endingOf)),
    excludedRepIds: reroute && lead.rep_id !== null ? [lead.rep_id] : [],
  };
  const reps = await listRoutingReps(tx, now, lead.id);
  const decision = chooseRoute({ now, lead: input, locations, reps, defaultRadiusKm: DEFAULT_RADIUS_KM });
  return { decision, input, isRepeated: earlier.map(endingOf).some(wasGivenUp) };
}

/** Whether somebody could take a lead that waits in a queue. */
export async function couldBeAssigned(tx: Tx, lead: Lead, now: Date): Promise<boolean> {
  const person = await personOf(tx, lead);
  const earlier = await listAssignments(tx, lead.id);
  const locations = await listRoutingLocations(tx, now, lead.id);
  return (await choose(tx, { lead, person, earlier, locations }, now, true)).decision.outcome === 'assigned';
}

/** @param earlier what the lead has had before, or has now @param reach undefined where there is no such location */
function reservationOf(
  taken: Pick<Assignment, 'id' | 'location_id' | 'rep_id'>,
  earlier: readonly Assignment[],
  reach: GhlReach | undefined,
): RouteOutcome {
  const { id: assignmentId, location_id: locationId, rep_id: repId } = taken;
  // The master's queue takes a lead even after its GHL has refused it: then nothing is written there.
  const wasRefused = listRefusingLocations(earlier.map(endingOf)).includes(locationId);
  // A rep is given a lead that their GHL shows, or the next location is asked; a queue takes it either way.
  const isPlaceable = !wasRefused && reach?.isReached === true && (repId !== null || reach.isInstalled);
  return { outcome: 'reserved', assignmentId, locationId, repId, isPlaceable };
}

const endingOf = ({ location_id, release_reason }: Assignment): SlotEnding => ({
  locationId: location_id,
  releaseReason: release_reason,
});
