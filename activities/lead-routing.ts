import { ApplicationFailure } from '@temporalio/activity';
import type { Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { findAssignment, listAssignments, reserveAssignment } from '../db/assignments.ts';
import { recordDecision } from '../db/decisions.ts';
import { findEvent } from '../db/events.ts';
import { addToTimeline } from '../db/lead-timeline.ts';
import { updateLead } from '../db/leads.ts';
import { findGhlAddress, getLocation } from '../db/locations.ts';
import { getPerson } from '../db/persons.ts';
import { isCallable, listRoutingLocations, listRoutingReps, lockRouting, saveRotationPass } from '../db/routing.ts';
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
      const taken =
        (await findAssignment(tx, leadId, 'reserved')) ??
        (reroute ? undefined : await findAssignment(tx, leadId, 'active'));
      if (taken) return reservation(tx, now, taken);

      let routable = lead;
      if (lead.state === 'received') {
        const enquiry = await enquiryOf(tx, lead);
        if (enquiry === 'cut') return { outcome: 'cut', intakeLocationId: lead.intake_location_id };
        routable = await recogniseLead(tx, lead, enquiry, now);
        if (routable.state === 'closed') return { outcome: 'closed', standing: standingOf(routable, null) };
      }
      return decide(tx, routable, now, reroute);
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

async function decide(tx: Tx, lead: Lead, now: Date, reroute: boolean): Promise<RouteOutcome> {
  const { decision, input, isRepeated } = await choose(tx, lead, now, reroute);
  const { locationId, repId } = decision;
  const ids = { agencyId: lead.agency_id, leadId: lead.id };
  const decisionId = uuidv7();
  const assignmentId = uuidv7();
  const kind = reroute || isRepeated ? ('reroute' as const) : ('route' as const);
  await recordDecision(tx, { ...decision, ...ids, id: decisionId, kind, inputs: input, now });
  await reserveAssignment(tx, { ...ids, id: assignmentId, locationId, repId, decisionId, now });
  if (repId !== null && decision.rotationPass !== null) await saveRotationPass(tx, repId, decision.rotationPass);
  const { step, reason } = decision;
  await addToTimeline(tx, ids, { at: now, kind: 'routed', detail: { locationId, repId, step, reason, decisionId } });
  if (lead.state === 'received') await updateLead(tx, lead.id, { state: 'routing' });
  await noteUnrouted(tx, lead, { id: decisionId, step, reason, locationId, repId }, now);
  return reservation(tx, now, { id: assignmentId, lead_id: lead.id, location_id: locationId, rep_id: repId });
}

/** Chooses for a lead as things are now, and stores nothing. */
async function choose(tx: Tx, lead: Lead, now: Date, reroute: boolean) {
  const earlier = await listAssignments(tx, lead.id);
  const place = normalisePostcode(lead.postcode, lead.country);
  const located = place.postcode && place.country ? locatePostcode(place.postcode, place.country) : undefined;
  const person = lead.person_id === null ? undefined : await getPerson(tx, lead.person_id);
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
  const locations = await listRoutingLocations(tx, now, lead.id);
  const decision = chooseRoute({
    now,
    lead: input,
    locations,
    reps: await listRoutingReps(tx, now, lead.id),
    defaultRadiusKm: DEFAULT_RADIUS_KM,
  });
  return { decision, input, isRepeated: earlier.map(endingOf).some(wasGivenUp) };
}

/** Whether somebody could take a lead that waits in a queue. */
export async function couldBeAssigned(tx: Tx, lead: Lead, now: Date): Promise<boolean> {
  return (await choose(tx, lead, now, true)).decision.outcome === 'assigned';
}

async function reservation(
  tx: Tx,
  now: Date,
  taken: Pick<Assignment, 'id' | 'lead_id' | 'location_id' | 'rep_id'>,
): Promise<RouteOutcome> {
  const { id: assignmentId, location_id: locationId, rep_id: repId } = taken;
  // The master's queue takes a lead even after its GHL has refused it: then nothing is written there.
  const earlier = await listAssignments(tx, taken.lead_id);
  const wasRefused = listRefusingLocations(earlier.map(endingOf)).includes(locationId);
  const isInstalled = (await getLocation(tx, locationId)).installed_at !== null;
  const isConnected = (await findGhlAddress(tx, locationId)) !== undefined;
  // A rep is given a lead that their GHL shows, or the next location is asked; a queue takes it either way.
  const canBeWritten = repId !== null || (await isCallable(tx, locationId, now));
  const isPlaceable = !wasRefused && isInstalled && isConnected && canBeWritten;
  return { outcome: 'reserved', assignmentId, locationId, repId, isPlaceable };
}

const endingOf = ({ location_id, release_reason }: Assignment): SlotEnding => ({
  locationId: location_id,
  releaseReason: release_reason,
});
