import { sql, type Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { Database, Decision } from './schema.ts';
import { commitWith } from './scope.ts';

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
  await deciding(tx, decision).insertInto('assignments').values(slotOf(decision, assignmentId)).execute();
}

/**
 * Does so for a lead that is routed, and notes that on its timeline and where the rep stands in the rotation now. The last
 * statement of its transaction, which commits with it.
 * @param rotationPass of the chosen rep; null where nobody was chosen by turns
 */
export async function reserveRouted(
  tx: Transaction<Database>,
  decision: NewDecision & { rotationPass: number | null },
  assignmentId: string,
): Promise<void> {
  const { id: decisionId, agencyId, leadId, locationId, repId, step, reason, rotationPass, now } = decision;
  const detail = JSON.stringify({ locationId, repId, step, reason, decisionId });
  const inTurn = rotationPass === null || repId === null ? [] : [repId];
  const query = deciding(tx, decision)
    .with('rotated', (db) =>
      db
        .updateTable('reps')
        .set({ rotation_pass: rotationPass ?? 0 })
        .where('id', '=', sql<string>`any(${inTurn}::uuid[])`),
    )
    .with('told', (db) =>
      db.insertInto('lead_timeline').values({
        ...{ id: uuidv7(), at: now, agency_id: agencyId, lead_id: leadId },
        ...{ kind: 'routed', detail },
      }),
    )
    .insertInto('assignments')
    .values(slotOf(decision, assignmentId));
  await commitWith(tx, query);
}

const deciding = (tx: Transaction<Database>, decision: NewDecision) =>
  tx.with('decided', (db) =>
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
  );

const slotOf = ({ id, agencyId, leadId, locationId, repId, now }: NewDecision, assignmentId: string) => ({
  id: assignmentId,
  agency_id: agencyId,
  lead_id: leadId,
  location_id: locationId,
  rep_id: repId,
  decision_id: id,
  state: 'reserved' as const,
  reserved_at: now,
});

/** The choices made for a lead, oldest first. */
export async function listDecisions(tx: Transaction<Database>, leadId: string): Promise<Decision[]> {
  return tx.selectFrom('decisions').selectAll().where('lead_id', '=', leadId).orderBy('decided_at').execute();
}
