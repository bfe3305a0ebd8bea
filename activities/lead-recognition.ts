import type { Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { addToTimeline } from '../db/lead-timeline.ts';
import { findEarlierEnquiry, findOpenLeadOfPerson, updateLead } from '../db/leads.ts';
import { completePerson, createPerson, listPersonsSharing, type PersonDetails } from '../db/persons.ts';
import type { RoutingLocationRow } from '../db/routing.ts';
import type { Database, Lead } from '../db/schema.ts';
import type { Enquiry } from '../domain/enquiry.ts';
import { createPlaceIndex } from '../domain/geography.ts';
import { recognisePerson } from '../domain/person.ts';
import { scoreLead } from '../domain/scoring.ts';

type Tx = Transaction<Database>;

/**
 * Finds out who asks, scores the lead, which is routed now, and closes it as a duplicate when the person has an open lead
 * already. Runs under the agency's routing lock, so that two intakes of one person meet.
 * @param locations all of the agency
 * @returns the lead and the person as they are then
 */
export async function recogniseLead(
  tx: Tx,
  lead: Lead,
  enquiry: Enquiry,
  locations: readonly Place[],
  now: Date,
): Promise<{ lead: Lead; person: PersonDetails }> {
  const ids = { agencyId: lead.agency_id, leadId: lead.id };
  const { personId, reason } = recognisePerson(enquiry, await listPersonsSharing(tx, lead.agency_id, enquiry));
  const id = personId ?? uuidv7();
  const told = detailsOf(enquiry);
  if (personId === null) await createPerson(tx, { id, agencyId: lead.agency_id, ...told });
  const person = personId === null ? told : await completePerson(tx, personId, told);

  const open = personId === null ? undefined : await findOpenLeadOfPerson(tx, id, lead.id);
  const change = {
    person_id: id,
    vertical: enquiry.vertical,
    postcode: enquiry.postcode,
    postcode_reason: enquiry.postcodeReason,
    country: enquiry.country,
    requested_location_id: enquiry.requestedLocationId,
  };
  const known = { kind: 'recognised', detail: { reason, refused: enquiry.refused, isKnown: personId !== null } };
  await addToTimeline(tx, ids, { at: now, ...known });
  if (open) {
    const closed = { state: 'closed' as const, close_reason: 'duplicate', duplicate_of: open.id, closed_at: now };
    await updateLead(tx, lead.id, { ...change, ...closed });
    await addToTimeline(tx, ids, { at: now, kind: 'joined', detail: { leadId: open.id } });
    const joined = { at: now, kind: 'asked-again', detail: { leadId: lead.id, source: lead.source } };
    await addToTimeline(tx, { ...ids, leadId: open.id }, joined);
    return { lead: { ...lead, ...change, ...closed }, person };
  }

  const { score, factors } = scoreLead({
    hasPhone: enquiry.phone !== null,
    hasEmail: enquiry.email !== null,
    hasFirstName: enquiry.firstName !== null,
    hasLastName: enquiry.lastName !== null,
    isInServedArea: isServed(enquiry, locations),
    source: enquiry.source,
    previousEnquiryAt: personId === null ? null : ((await findEarlierEnquiry(tx, id, lead.id)) ?? null),
    now,
  });
  const routed = { ...change, score, state: 'routing' as const };
  await updateLead(tx, lead.id, { ...routed, score_factors: JSON.stringify(factors) });
  return { lead: { ...lead, ...routed }, person };
}

type Place = Pick<RoutingLocationRow, 'id' | 'kind' | 'isLive' | 'latitude' | 'longitude'>;

/** Serving reaches as far as routing looks, plus nothing: a lead next door to no location is not "served". */
const SERVED_RADIUS_KM = 80;

function isServed({ point }: Enquiry, locations: readonly Place[]): boolean {
  if (point === null) return false;
  const places = locations.flatMap(({ id, kind, isLive, latitude, longitude }) =>
    kind === 'location' && isLive && latitude !== null && longitude !== null ? [{ id, latitude, longitude }] : [],
  );
  return createPlaceIndex(places).nearest(point, SERVED_RADIUS_KM, 1).length > 0;
}

const detailsOf = ({ firstName, lastName, email, phone }: Enquiry) => ({ firstName, lastName, email, phone });
