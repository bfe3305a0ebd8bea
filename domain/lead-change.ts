/** An opportunity of a contact, as an event told of it. Times are ISO 8601 and left out where GHL does not tell. */
interface OpportunityRef {
  ghlContactId: string;
  ghlOpportunityId: string;
  /** When GHL made the opportunity. */
  createdAt?: string | undefined;
  /** When this happened to it. */
  occurredAt?: string | undefined;
}

/** What happened elsewhere to an open lead: in GHL, to its rep, or to its location. Small ids and times only; it travels in a signal. */
export type LeadChange =
  | { kind: 'contact-deleted'; ghlContactId: string }
  | ({ kind: 'opportunity-ended'; status: 'won' | 'lost' | 'abandoned' } & OpportunityRef)
  | ({ kind: 'opportunity-deleted' } & OpportunityRef)
  | { kind: 'assigned-in-ghl'; ghlContactId: string; ghlUserId: string }
  | { kind: 'location-uninstalled'; locationId: string }
  /** A location that could not be called when the lead was routed can be called again. */
  | { kind: 'location-connected' }
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
