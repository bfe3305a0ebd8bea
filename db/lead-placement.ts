import { type RawBuilder, type Transaction, sql } from 'kysely';
import type { GhlAddress } from './locations.ts';
import type { Assignment, Database } from './schema.ts';
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
  /** The contact by whose creation the lead came in, in another account, as long as the mirror lacks it; null for none. */
  source: { contactId: string; address: GhlAddress } | null;
}

/** Why an assignment was made, for who is told of it. */
export interface DecisionBehind {
  step: string;
  reason: string;
  ruleVersion: string;
  /** Of the location that was chosen; null where no place was looked for. */
  distanceKm: number | null;
}

type Placed = Pick<
  Assignment,
  'id' | 'agency_id' | 'lead_id' | 'location_id' | 'rep_id' | 'decision_id' | 'reserved_at'
> &
  Pick<Assignment, 'ghl_contact_id' | 'ghl_note_id' | 'ghl_task_id' | 'ghl_opportunity_id'>;

const DAY_MS = 86_400_000;

/**
 * The months of events that need not be looked at are named to the planner as a constant: planning for each of them took
 * longer than the whole query. No event is of the months to come, whatever the clocks. The last statement of its
 * transaction, which commits with it.
 * @param assignment as the transaction has read it
 * @returns undefined when the assignment's location is not connected to GHL @throws Error when the scope does not hold its lead
 */
export async function findPlacementFacts(
  tx: Transaction<Database>,
  assignment: Placed,
): Promise<PlacementFacts | undefined> {
  return (await readFacts(tx, assignment, sql`null::jsonb`))?.facts;
}

/**
 * The same, with the decision behind the assignment. Both are stored with the same time, and so only that month is looked at.
 * @throws Error also when the decision is past its time
 */
export async function findExplainedPlacement(
  tx: Transaction<Database>,
  assignment: Placed,
): Promise<(PlacementFacts & DecisionBehind) | undefined> {
  const { decision_id: id, lead_id: leadId, location_id: locationId, reserved_at: reservedAt } = assignment;
  const [earliest, latest] = [-1, 1].map((days) => new Date(reservedAt.getTime() + days * DAY_MS));
  const decision = sql`(select jsonb_build_object('step', step, 'reason', reason, 'ruleVersion', rule_version, 'distanceKm',
      (select (candidate ->> 'distanceKm')::double precision from jsonb_array_elements(candidates) candidate
        where candidate ->> 'locationId' = ${locationId} and candidate ->> 'kind' <> 'rep' limit 1))
    from decisions where id = ${id} and lead_id = ${leadId} and decided_at between ${earliest} and ${latest})`;
  const found = await readFacts(tx, assignment, decision);
  if (!found) return undefined;
  if (!found.decision) throw new Error('no decision of this assignment in this scope');
  return { ...found.facts, ...found.decision };
}

type Row = Omit<
  PlacementFacts,
  'address' | 'person' | 'source' | `ghl${'Contact' | 'Note' | 'Task' | 'Opportunity'}Id`
> &
  Pick<GhlAddress, 'ghlCompanyId' | 'ghlLocationId'> &
  PlacementFacts['person'] & {
    sourceContactId: string | null;
    sourceLocationId: string;
    sourceGhlLocationId: string | null;
    decision: DecisionBehind | null;
  };

async function readFacts(
  tx: Transaction<Database>,
  assignment: Placed,
  decision: RawBuilder<unknown>,
): Promise<{ facts: PlacementFacts; decision: DecisionBehind | null } | undefined> {
  const { agency_id: agencyId, lead_id: leadId, location_id: locationId, rep_id: repId } = assignment;
  const { ghl_contact_id: ghlContactId } = assignment;
  const soon = new Date(Date.now() + 31 * DAY_MS);
  const query = sql<Row>`
    select g.ghl_company_id as "ghlCompanyId", l.ghl_location_id as "ghlLocationId", l.name as "locationName",
      l.pipeline_id as "pipelineId", l.pipeline_stage_id as "pipelineStageId",
      (select ghl_user_id from reps where id = ${repId}) as "ghlUserId",
      p.first_name as "firstName", p.last_name as "lastName", p.email, p.phone,
      d.postcode, d.country, d.score, d.close_reason as "closeReason",
      known.id as "knownContactId",
      (select ghl_opportunity_id from assignments
        where lead_id = ${leadId} and location_id = ${locationId} and ghl_opportunity_id is not null
        order by reserved_at desc limit 1) as "knownOpportunityId",
      present.id as "activeContactId",
      (select ghl_user_id from reps where id = present.rep_id) as "activeGhlUserId",
      exists (select from events e
        where e.agency_id = ${agencyId} and e.type = 'ContactDelete' and e.received_at >= d.received_at and e.received_at < ${soon}
          and e.ghl_contact_id = coalesce(${ghlContactId},
            case when known.id = coalesce(present.id, d.source_contact_id) then known.id end)) as "isContactDeleted",
      case when d.source = 'ghl' and d.trigger_name is null and not exists (select from contacts
        where location_id = d.intake_location_id and ghl_id = d.source_contact_id and is_exact and deleted_at is null)
        then d.source_contact_id end as "sourceContactId",
      d.intake_location_id as "sourceLocationId",
      (select ghl_location_id from locations where id = d.intake_location_id) as "sourceGhlLocationId",
      ${decision} as decision
    from leads d
      join agencies g on g.id = ${agencyId}
      join locations l on l.id = ${locationId}
      left join lateral (select first_name, last_name, email, phone from persons where id = d.person_id limit 1) p on true
      cross join lateral (select coalesce(
        case when d.intake_location_id = ${locationId} then d.source_contact_id end,
        (select ghl_contact_id from assignments
          where lead_id = ${leadId} and location_id = ${locationId} and ghl_contact_id is not null
          order by reserved_at desc limit 1)) as id) known
      -- What GHL is told of an earlier move can come after the lead's end, which frees its slot and takes nothing there.
      left join lateral (select held.ghl_contact_id as id, held.rep_id from assignments held
        where held.lead_id = ${leadId}
          and (held.state = 'active' or (d.state = 'closed' and held.assigned_at is not null))
        order by held.assigned_at desc limit 1) present on true
    where d.id = ${leadId}
  `;
  const [row] = (await commitWith(tx, query)).rows;
  if (!row) throw new Error('no lead of this assignment in this scope');
  const { ghlCompanyId, ghlLocationId, firstName, lastName, email, phone, decision: behind, ...read } = row;
  const { sourceContactId, sourceLocationId, sourceGhlLocationId, ...rest } = read;
  if (!ghlCompanyId || !ghlLocationId) return undefined;
  const isElsewhere = sourceLocationId !== locationId;
  const facts = {
    ...rest,
    address: { agencyId, ghlCompanyId, locationId, ghlLocationId },
    person: { firstName, lastName, email, phone },
    ghlContactId,
    ghlNoteId: assignment.ghl_note_id,
    ghlTaskId: assignment.ghl_task_id,
    ghlOpportunityId: assignment.ghl_opportunity_id,
    source:
      sourceContactId !== null && sourceGhlLocationId !== null && isElsewhere
        ? {
            contactId: sourceContactId,
            address: { agencyId, ghlCompanyId, locationId: sourceLocationId, ghlLocationId: sourceGhlLocationId },
          }
        : null,
  };
  return { facts, decision: behind };
}
