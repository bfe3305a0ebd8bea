import { type DeadLetterState, judgeRedrive, stateOfLetter } from './dead-letter.ts';

/** A letter as the database has it; upkeep does not read the reason of a discard. */
interface StoredLetter {
  id: string;
  created_at: Date;
  agency_id: string | null;
  location_id: string | null;
  capability: string;
  cause: string;
  advice: string;
  subject_kind: string;
  subject_id: string;
  workflow_id: string | null;
  resolved_at: Date | null;
  resolution: string | null;
  discard_reason?: string | null;
}

/** A letter as people and programs get it: what stopped, what can be done, and what became of it. */
export interface DeadLetterView {
  id: string;
  since: Date;
  state: DeadLetterState;
  capability: string;
  cause: string;
  subject: { kind: string; id: string };
  locationId: string | null;
  workflowId: string | null;
  advice: string;
  /** How its work can be set going again, or why not. */
  redrive: { possible: boolean; code: string; reason: string };
  resolvedAt: Date | null;
  resolution: string | null;
  discardReason: string | null;
}

export function viewDeadLetter(letter: StoredLetter): DeadLetterView {
  const subject = { kind: letter.subject_kind, id: letter.subject_id };
  const judged = judgeRedrive({ agencyId: letter.agency_id, cause: letter.cause, subject });
  return {
    id: letter.id,
    since: letter.created_at,
    state: stateOfLetter(letter),
    capability: letter.capability,
    cause: letter.cause,
    subject,
    locationId: letter.location_id,
    workflowId: letter.workflow_id,
    advice: letter.advice,
    redrive: {
      possible: judged.isRedrivable,
      code: judged.isRedrivable ? judged.way : judged.why,
      reason: judged.reason,
    },
    resolvedAt: letter.resolved_at,
    resolution: letter.resolution,
    discardReason: letter.discard_reason ?? null,
  };
}
