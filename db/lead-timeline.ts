import type { Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { Database } from './schema.ts';

export interface TimelineEntry {
  at: Date;
  kind: string;
  detail: Record<string, unknown>;
}

/** Adds what happened to a lead. The detail holds ids and codes, never personal data. */
export async function addToTimeline(
  tx: Transaction<Database>,
  lead: { agencyId: string; leadId: string },
  entry: { at: Date; kind: string; detail?: Record<string, unknown> },
): Promise<void> {
  await tx
    .insertInto('lead_timeline')
    .values({
      id: uuidv7(),
      at: entry.at,
      agency_id: lead.agencyId,
      lead_id: lead.leadId,
      kind: entry.kind,
      detail: JSON.stringify(entry.detail ?? {}),
    })
    .execute();
}

/** What happened to a lead, oldest first. */
export async function listTimeline(tx: Transaction<Database>, leadId: string): Promise<TimelineEntry[]> {
  return tx
    .selectFrom('lead_timeline')
    .select(['at', 'kind', 'detail'])
    .where('lead_id', '=', leadId)
    .orderBy('at')
    .orderBy('id')
    .execute();
}
