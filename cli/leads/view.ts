import type { Transaction } from 'kysely';
import { z } from 'zod';
import { findLead } from '../../db/leads.ts';
import type { Database, Lead } from '../../db/schema.ts';
import { CODE_WORD } from '../../domain/code-word.ts';
import { CommandError } from '../failure.ts';

/** Why, in a code word: it goes into workflow histories, where free text could name a person. */
export const reasonCode = z.string().regex(CODE_WORD, 'wanted is a code word such as on-holiday');

/** A lead without what is known of the person. */
export const viewLead = (lead: Lead) => ({
  id: lead.id,
  state: lead.state,
  closeReason: lead.close_reason,
  source: lead.source,
  intakeLocationId: lead.intake_location_id,
  locationId: lead.location_id,
  repId: lead.rep_id,
  vertical: lead.vertical,
  score: lead.score,
  duplicateOf: lead.duplicate_of,
  receivedAt: lead.received_at,
  assignedAt: lead.assigned_at,
  acceptedAt: lead.accepted_at,
  closedAt: lead.closed_at,
  expiresAt: lead.expires_at,
});

/** A lead of the agency. @throws CommandError when there is none such */
export async function getNamedLead(tx: Transaction<Database>, id: string): Promise<Lead> {
  const lead = await findLead(tx, id);
  if (!lead) throw new CommandError('unknown-lead', `The agency has no lead ${id}. leads list shows them.`);
  return lead;
}
