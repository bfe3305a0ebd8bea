/** What happened elsewhere to an open lead: in GHL, to its rep, or to its location. Small ids only; it travels in a signal. */
export type LeadChange =
  | { kind: 'contact-deleted'; ghlContactId: string }
  | { kind: 'opportunity-ended'; ghlContactId: string; ghlOpportunityId: string; status: 'won' | 'lost' | 'abandoned' }
  | { kind: 'opportunity-deleted'; ghlContactId: string; ghlOpportunityId: string }
  | { kind: 'assigned-in-ghl'; ghlContactId: string; ghlUserId: string }
  | { kind: 'location-uninstalled'; locationId: string }
  | { kind: 'rep-unavailable'; repId: string };

/** Why a lead is over. */
export type LeadCloseReason =
  | 'won'
  | 'lost'
  | 'abandoned'
  | 'opportunity-deleted'
  | 'contact-deleted'
  | 'location-uninstalled'
  | 'expired'
  | 'duplicate';
