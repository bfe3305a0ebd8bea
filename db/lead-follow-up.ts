import type { Transaction } from 'kysely';
import type { LeadChange } from '../domain/lead-change.ts';
import { addWork } from './event-capabilities.ts';
import { leadChangeWork } from './lead-work.ts';
import type { Database } from './schema.ts';

/** What makes leads move: an event or an operator's act. */
export interface LeadCause {
  agencyId: string;
  causeId: string;
  now: Date;
}

/** A statement takes 65,535 parameters at most, and a row has ten. */
const ROWS_AT_ONCE = 1_000;

/**
 * Tells leads of a change elsewhere by way of the inbox: each once for a cause, however often this is repeated, and
 * also when Temporal is away.
 * @param locationId whose turn it takes in the inbox; null for the agency's
 */
export async function tellLeads(
  tx: Transaction<Database>,
  cause: LeadCause,
  locationId: string | null,
  leadIds: string[],
  change: LeadChange,
): Promise<void> {
  const { agencyId, causeId, now } = cause;
  for (let start = 0; start < leadIds.length; start += ROWS_AT_ONCE) {
    await addWork(
      tx,
      leadIds
        .slice(start, start + ROWS_AT_ONCE)
        .map((leadId) => ({ ...leadChangeWork({ agencyId, causeId, locationId }, leadId, change), dueAt: now })),
    );
  }
}
