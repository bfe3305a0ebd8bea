import type { Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { addToTimeline } from '../db/lead-timeline.ts';
import { findEarlierEnquiry, findOpenLeadOfPerson, updateLead } from '../db/leads.ts';
import { listRoutingLocations } from '../db/routing.ts';
import { completePerson, createPerson, listPersonsSharing } from '../db/persons.ts';
import type { Database, Lead } from '../db/schema.ts';
import type { Enquiry } from '../domain/enquiry.ts';
import { createPlaceIndex } from '../domain/geography.ts';
import { recognisePerson } from '../domain/person.ts';
import { scoreLead } from '../domain/scoring.ts';

type Tx = Transaction<Database>;

/**
 * Finds out who asks, scores the lead, and closes it as a duplicate when the person has an open lead already. Runs
 * under the agency's routing lock, so that two intakes of one person meet.
 * @returns the lead as it is then
 */
export async function recogniseLead(tx: Tx, lead: Lead, enquiry: Enquiry, now: Date): Promise<Lead> {
  const ids = { agencyId: lead.agency_id, leadId: lead.id };
  const { personId, reason } = recognisePerson(enquiry, await listPersonsSharing(tx, lead.agency_id, enquiry));
  const person = personId ?? uuidv7();
  if (personId === null) await createPerson(tx, { id: person, agencyId: lead.agency_id, ...detailsOf(enquiry) });
  else await completePerson(tx, person, detailsOf(enquiry));

  const open = personId === null ? undefined : await findOpenLeadOfPerson(tx, person, lead.id);
  const change = {
    person_id: person,
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
    return { ...lead, ...change, ...closed };
  }

  const { score, factors } = scoreLead({
    hasPhone: enquiry.phone !== null,
    hasEmail: enquiry.email !== null,
    hasFirstName: enquiry.firstName !== null,
    hasLastName: enquiry.lastName !== null,
    isInServedArea: await isServed(tx, enquiry, now),
    source: enquiry.source,
    previousEnquiryAt: personId === null ? null : ((await findEarlierEnquiry(tx, person, lead.id)) ?? null),
    now,
  });
  await updateLead(tx, lead.id, { ...change, score, score_factors: JSON.stringify(factors) });
  return { ...lead, ...change, score };
}

/** Serving reaches as far as routing looks, plus nothing: a lead next door to no location is not "served". */
const SERVED_RADIUS_KM = 80;

async function isServed(tx: Tx, enquiry: Enquiry, now: Date): Promise<boolean> {
  if (enquiry.point === null) return false;
  const places = (await listRoutingLocations(tx, now)).flatMap((location) =>
    location.kind === 'location' && location.isLive && location.latitude !== null && location.longitude !== null
      ? [{ id: location.id, latitude: location.latitude, longitude: location.longitude }]
      : [],
  );
  return createPlaceIndex(places).nearest(enquiry.point, SERVED_RADIUS_KM, 1).length > 0;
}

const detailsOf = ({ firstName, lastName, email, phone }: Enquiry) => ({ firstName, lastName, email, phone });
