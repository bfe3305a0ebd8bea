import { type Transaction, sql } from 'kysely';
import type { GhlAddress } from './locations.ts';
import type { Database } from './schema.ts';
import { commitWith } from './scope.ts';

/** Everything that writing an assignment into GHL needs, read at once. */
export interface PlacementFacts {
  address: GhlAddress;
  locationName: string;
  pipelineId: string | null;
  pipelineStageId: string | null;
  ghlUserId: string | null;
  person: { firstName: string | null; lastName: string | null; email: string | null; phone: string | null };
  postcode: string | null;
  country: string | null;
  score: number | null;
  closeReason: string | null;
  /** The person's contact in this very account: the one the lead came in as, or that an earlier assignment wrote. */
  knownContactId: string | null;
  /** The opportunity that an earlier assignment of this lead opened here. */
  knownOpportunityId: string | null;
  ghlContactId: string | null;
  ghlNoteId: string | null;
  ghlTaskId: string | null;
  ghlOpportunityId: string | null;
  /** The contact of the lead's active assignment, whichever that is; of a lead that is over, the one it had last. */
  activeContactId: string | null;
  /** The GHL user of the rep who has the lead now, or had it last. */
  activeGhlUserId: string | null;
  /**
   * A person has deleted the assignment's contact since the lead came in, or the known contact that it would get where
   * that is the lead's contact now: the event ends the lead, and nobody is made anew.
   */
  isContactDeleted: boolean;
}

const DAY_MS = 86_400_000;

/**
 * The months of events that need not be looked at are named to the planner as a constant: planning for each of them took
 * longer than the whole query. No event is of the months to come, whatever the clocks. The last statement of its
 * transaction, which commits with it.
 * @returns undefined when the assignment's location is not connected to GHL @throws Error when the scope does not hold it
 */
export async function findPlacementFacts(
  tx: Transaction<Database>,
  assignmentId: string,
): Promise<PlacementFacts | undefined> {
  const soon = new Date(Date.now() + 31 * DAY_MS);
  const query = sql<Omit<PlacementFacts, 'address' | 'person'> & GhlAddress & PlacementFacts['person']>`
    select a.agency_id as "agencyId", g.ghl_company_id as "ghlCompanyId", a.location_id as "locationId",
      l.ghl_location_id as "ghlLocationId", l.name as "locationName", l.pipeline_id as "pipelineId",
      l.pipeline_stage_id as "pipelineStageId", r.ghl_user_id as "ghlUserId",
      p.first_name as "firstName", p.last_name as "lastName", p.email, p.phone,
      d.postcode, d.country, d.score, d.close_reason as "closeReason",
      known.id as "knownContactId",
      (select earlier.ghl_opportunity_id from assignments earlier
        where earlier.lead_id = a.lead_id and earlier.location_id = a.location_id
          and earlier.ghl_opportunity_id is not null
        order by earlier.reserved_at desc limit 1) as "knownOpportunityId",
      a.ghl_contact_id as "ghlContactId", a.ghl_note_id as "ghlNoteId", a.ghl_task_id as "ghlTaskId",
      a.ghl_opportunity_id as "ghlOpportunityId",
      present.id as "activeContactId",
      (select holder.ghl_user_id from reps holder where holder.id = present.rep_id) as "activeGhlUserId",
      exists (select from events e
        where e.agency_id = a.agency_id and e.type = 'ContactDelete' and e.received_at >= d.received_at and e.received_at < ${soon}
          and e.ghl_contact_id = coalesce(a.ghl_contact_id,
            case when known.id = coalesce(present.id, d.source_contact_id) then known.id end)) as "isContactDeleted"
    from assignments a
      join agencies g on g.id = a.agency_id
      join locations l on l.id = a.location_id
      join leads d on d.id = a.lead_id
      left join persons p on p.id = d.person_id
      left join reps r on r.id = a.rep_id
      cross join lateral (select coalesce(
        case when d.intake_location_id = a.location_id then d.source_contact_id end,
        (select earlier.ghl_contact_id from assignments earlier
          where earlier.lead_id = a.lead_id and earlier.location_id = a.location_id and earlier.ghl_contact_id is not null
          order by earlier.reserved_at desc limit 1)) as id) known
      -- What GHL is told of an earlier move can come after the lead's end, which frees its slot and takes nothing there.
      left join lateral (select held.ghl_contact_id as id, held.rep_id from assignments held
        where held.lead_id = a.lead_id
          and (held.state = 'active' or (d.state = 'closed' and held.assigned_at is not null))
        order by held.assigned_at desc limit 1) present on true
    where a.id = ${assignmentId}
  `;
  const [row] = (await commitWith(tx, query)).rows;
  if (!row) throw new Error('no such assignment in this scope');
  const { agencyId, ghlCompanyId, locationId, ghlLocationId, firstName, lastName, email, phone, ...rest } = row;
  if (!ghlCompanyId || !ghlLocationId) return undefined;
  return {
    ...rest,
    address: { agencyId, ghlCompanyId, locationId, ghlLocationId },
    person: { firstName, lastName, email, phone },
  };
}
