import type { Kysely, Transaction } from 'kysely';
import { listAssignments } from '../../db/assignments.ts';
import { listDecisions } from '../../db/decisions.ts';
import { listLeads } from '../../db/leads.ts';
import type { Assignment, Database, Lead } from '../../db/schema.ts';
import { withScope } from '../../db/scope.ts';
import type { GrownAgency } from './demo-memory.ts';

/** A lead as the database shows it, in keys of the plan. */
export interface SeenLead {
  leadId: string;
  state: Lead['state'];
  duplicateOf: string | null;
  sourceContactId: string | null;
  location: string | null;
  rep: string | null;
  /** Of the last decision. */
  reason: string | null;
  receivedAt: Date;
  assignedAt: Date | null;
  /** Oldest first; the last one counts. */
  assignments: SeenAssignment[];
}

export interface SeenAssignment {
  location: string;
  isActive: boolean;
  contactId: string | null;
  noteId: string | null;
  taskId: string | null;
}

/** More than a sample agency ever has. */
const LIMIT = 1_000;

/** Reads all leads of an agency, again and again; what has come to rest is not read in detail again. */
export function watchLeads(db: Kysely<Database>, agency: GrownAgency): () => Promise<SeenLead[]> {
  const atRest = new Map<string, SeenLead>();
  const nameOf = namesBy(agency);
  return () =>
    withScope(db, { agencyId: agency.agencyId }, async (tx) => {
      const seen: SeenLead[] = [];
      for (const lead of await listLeads(tx, {}, { after: undefined, limit: LIMIT })) {
        const known = atRest.get(lead.id);
        const isUnchanged = known !== undefined && known.state === lead.state && known.rep === nameOf(lead.rep_id);
        const now = isUnchanged ? known : await readLead(tx, lead, nameOf);
        if (isSettled(now)) atRest.set(lead.id, now);
        seen.push(now);
      }
      return seen;
    });
}

async function readLead(
  tx: Transaction<Database>,
  lead: Lead,
  nameOf: (id: string | null) => string | null,
): Promise<SeenLead> {
  const assignments = await listAssignments(tx, lead.id);
  const decisions = await listDecisions(tx, lead.id);
  const seenAssignment = (each: Assignment): SeenAssignment => ({
    location: nameOf(each.location_id) ?? 'elsewhere',
    isActive: each.state === 'active',
    contactId: each.ghl_contact_id,
    noteId: each.ghl_note_id,
    taskId: each.ghl_task_id,
  });
  return {
    leadId: lead.id,
    state: lead.state,
    duplicateOf: lead.duplicate_of,
    sourceContactId: lead.source_contact_id,
    location: nameOf(lead.location_id),
    rep: nameOf(lead.rep_id),
    reason: decisions.at(-1)?.reason ?? null,
    receivedAt: lead.received_at,
    assignedAt: lead.assigned_at,
    assignments: assignments.map(seenAssignment),
  };
}

function namesBy(agency: GrownAgency): (id: string | null) => string | null {
  const entries = [...Object.entries(agency.locations), ...Object.entries(agency.reps)];
  const names = new Map(entries.map(([key, id]) => [id, key]));
  return (id) => (id === null ? null : (names.get(id) ?? id));
}

/** Whether the lead has ended somewhere, and GHL and the rep have been told. */
export function isSettled({ state, assignments }: SeenLead): boolean {
  const active = assignments.find((each) => each.isActive);
  switch (state) {
    case 'closed':
      return true;
    case 'queued':
      return active?.noteId != null;
    case 'assigned':
    case 'accepted':
      return active?.noteId != null && active.taskId !== null;
    case 'received':
    case 'routing':
      return false;
  }
}
