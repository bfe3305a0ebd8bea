import type { Lead } from '../db/schema.ts';
import type { LeadCloseReason } from '../domain/lead-change.ts';
import type { LeadStanding } from '../domain/lead-messages.ts';

/** How a lead stands, in the words of its workflow. */
export function standingOf(lead: Lead, assignmentId: string | null): LeadStanding {
  return {
    status: lead.state === 'received' ? 'routing' : lead.state,
    locationId: lead.location_id,
    repId: lead.rep_id,
    assignmentId,
    // Only this code writes the column.
    closeReason: lead.close_reason as LeadCloseReason | null,
    expiresAtMs: lead.expires_at?.getTime() ?? null,
  };
}
