import type { LeadChange, LeadCloseReason } from './lead-change.ts';

/** How an open lead stands when something happens to it elsewhere. */
export interface FollowedLead {
  isClosed: boolean;
  repId: string | null;
  locationId: string | null;
  /** The contact it came in as. */
  sourceContactId: string | null;
  /** The contact and opportunity of its active assignment. */
  ghlContactId: string | null;
  ghlOpportunityId: string | null;
}

export type FollowUp =
  | { action: 'none'; reason: string }
  | { action: 'reroute'; reason: string }
  | { action: 'close'; reason: LeadCloseReason };

/**
 * Decides what a change elsewhere means for a lead. Events come late and in any order: one about a rep, contact or
 * opportunity that the lead no longer has means nothing. Reassignments in GHL are not decided here, but by asking GHL.
 */
export function followChange(change: LeadChange, lead: FollowedLead): FollowUp {
  if (lead.isClosed) return { action: 'none', reason: 'closed-already' };
  switch (change.kind) {
    case 'contact-deleted': {
      // Once assigned, the contact that counts is the one in the assigned location.
      const counts = lead.ghlContactId ?? lead.sourceContactId;
      if (change.ghlContactId !== counts) return { action: 'none', reason: 'other-contact' };
      return { action: 'close', reason: 'contact-deleted' };
    }
    case 'opportunity-ended':
      if (!isItsOpportunity(change, lead)) return { action: 'none', reason: 'other-opportunity' };
      return { action: 'close', reason: change.status };
    case 'opportunity-deleted':
      if (!isItsOpportunity(change, lead)) return { action: 'none', reason: 'other-opportunity' };
      return { action: 'close', reason: 'opportunity-deleted' };
    case 'location-uninstalled':
      if (change.locationId !== lead.locationId) return { action: 'none', reason: 'other-location' };
      return { action: 'close', reason: 'location-uninstalled' };
    case 'rep-unavailable':
      if (change.repId !== lead.repId) return { action: 'none', reason: 'other-rep' };
      return { action: 'reroute', reason: 'rep-unavailable' };
    case 'assigned-in-ghl':
      return { action: 'none', reason: 'asked-of-ghl' };
  }
}

/** Where no pipeline is set, the lead has no opportunity of ours, and one a person made for its contact counts. */
const isItsOpportunity = (change: { ghlContactId: string; ghlOpportunityId: string }, lead: FollowedLead): boolean =>
  lead.ghlOpportunityId === null
    ? change.ghlContactId === lead.ghlContactId
    : change.ghlOpportunityId === lead.ghlOpportunityId;
