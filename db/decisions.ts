import type { Transaction } from 'kysely';
import type { Database, Decision } from './schema.ts';

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
