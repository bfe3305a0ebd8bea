import { sql, type Transaction } from 'kysely';
import type { Assignment, Database, Decision } from './schema.ts';

export interface NewDecision {
  id: string;
  agencyId: string;
  leadId: string;
  locationId: string;
  repId: string | null;
  kind: Decision['kind'];
  outcome: Decision['outcome'];
  step: string;
  reason: string;
  ruleVersion: string;
  inputs: Record<string, unknown>;
  candidates: unknown[];
  now: Date;
}

/**
 * Stores a routing choice, what it was made from and why each candidate was or was not chosen, and takes the slot: from here
 * it counts against the caps of the location and the rep.
 */
export async function reserveDecided(
  tx: Transaction<Database>,
  decision: NewDecision,
  assignmentId: string,
): Promise<void> {
  await tx
    .with('decided', (db) =>
      db.insertInto('decisions').values({
        id: decision.id,
        decided_at: decision.now,
        agency_id: decision.agencyId,
        lead_id: decision.leadId,
        location_id: decision.locationId,
        rep_id: decision.repId,
        kind: decision.kind,
        outcome: decision.outcome,
        step: decision.step,
        reason: decision.reason,
        rule_version: decision.ruleVersion,
        inputs: JSON.stringify(decision.inputs),
        candidates: JSON.stringify(decision.candidates),
      }),
    )
    .insertInto('assignments')
    .values({
      id: assignmentId,
      agency_id: decision.agencyId,
      lead_id: decision.leadId,
      location_id: decision.locationId,
      rep_id: decision.repId,
      decision_id: decision.id,
      state: 'reserved',
      reserved_at: decision.now,
    })
    .execute();
}

/** The choices made for a lead, oldest first. */
export async function listDecisions(tx: Transaction<Database>, leadId: string): Promise<Decision[]> {
  return tx.selectFrom('decisions').selectAll().where('lead_id', '=', leadId).orderBy('decided_at').execute();
}

/** Why an assignment was made, for who is told of it. */
export interface DecisionBehind {
  step: string;
  reason: string;
  ruleVersion: string;
  /** Of the location that was chosen; null where no place was looked for. */
  distanceKm: number | null;
}

const DAY_MS = 86_400_000;

/**
 * The decision behind an assignment. Both are stored with the same time, and so only that month is looked at.
 * @throws Error when the scope does not hold it, or it is past its time
 */
export async function getDecisionBehind(
  tx: Transaction<Database>,
  assignment: Pick<Assignment, 'decision_id' | 'lead_id' | 'location_id' | 'reserved_at'>,
): Promise<DecisionBehind> {
  const { decision_id: id, lead_id: leadId, location_id: locationId, reserved_at: reservedAt } = assignment;
  const [earliest, latest] = [-1, 1].map((days) => new Date(reservedAt.getTime() + days * DAY_MS));
  const found = await sql<DecisionBehind>`
    select step, reason, rule_version as "ruleVersion",
      (select (candidate ->> 'distanceKm')::double precision from jsonb_array_elements(candidates) candidate
        where candidate ->> 'locationId' = ${locationId} and candidate ->> 'kind' <> 'rep' limit 1) as "distanceKm"
    from decisions where id = ${id} and lead_id = ${leadId} and decided_at between ${earliest} and ${latest}
  `.execute(tx);
  const [decision] = found.rows;
  if (!decision) throw new Error('no decision of this assignment in this scope');
  return decision;
}
