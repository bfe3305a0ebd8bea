import type { LeadChange, LeadCloseReason } from './lead-change.ts';

/** How an open lead stands when something happens to it elsewhere. */
export interface FollowedLead {
  isClosed: boolean;
  /** Nobody could take it: it waits. */
  isQueued: boolean;
  repId: string | null;
  locationId: string | null;
  /** The contact it came in as. */
  sourceContactId: string | null;
  /** The contact and opportunity of its active assignment. */
  ghlContactId: string | null;
  ghlOpportunityId: string | null;
  /** How long that contact has been its own. */
  stay: ContactStay;
}

/** Since when a lead has the contact it has. */
export interface ContactStay {
  /** Opportunities made from then on belong to the enquiry; null: all do, for the enquiry made the contact itself. */
  enquirySince: Date | null;
  /** What happened before that was to a lead that was elsewhere; null where it has no contact. */
  hereSince: Date | null;
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
    case 'opportunity-deleted': {
      const refusal = refuseOpportunity(change, lead);
      if (refusal !== undefined) return { action: 'none', reason: refusal };
      return { action: 'close', reason: change.kind === 'opportunity-ended' ? change.status : change.kind };
    }
    case 'location-uninstalled':
      if (change.locationId !== lead.locationId) return { action: 'none', reason: 'other-location' };
      return { action: 'close', reason: 'location-uninstalled' };
    case 'location-connected':
      if (!lead.isQueued) return { action: 'none', reason: 'not-queued' };
      return { action: 'reroute', reason: 'location-connected' };
    case 'rep-unavailable':
      if (change.repId !== lead.repId) return { action: 'none', reason: 'other-rep' };
      return { action: 'reroute', reason: 'rep-unavailable' };
    case 'assigned-in-ghl':
      return { action: 'none', reason: 'asked-of-ghl' };
  }
}

/**
 * Whether the end of an opportunity is the end of the lead. Where the lead has an opportunity that we opened, only that
 * one counts. Where no pipeline is set it has none, and one that a person makes for its contact counts, but only one
 * that belongs to this enquiry: made since the contact is the lead's. A contact that was here before has won and lost
 * opportunities of earlier enquiries, and GHL sends an OpportunityUpdate with that old status for every edit of one;
 * an opportunity made since then cannot have ended before, so that its first ended status is a real change. One of
 * unknown age does not count: intake asks GHL for its age before it tells the lead.
 *
 * The end must be of the present stay, too: a lead that went elsewhere and came back has its own opportunity again,
 * which we abandoned when it left and opened when it returned, and the event of the first can come after the second.
 * @returns why it is not, undefined when it is
 */
function refuseOpportunity(
  change: Extract<LeadChange, { kind: 'opportunity-ended' | 'opportunity-deleted' }>,
  lead: FollowedLead,
): string | undefined {
  const { enquirySince, hereSince } = lead.stay;
  if (lead.ghlOpportunityId !== null) {
    if (change.ghlOpportunityId !== lead.ghlOpportunityId) return 'other-opportunity';
  } else {
    if (change.ghlContactId !== lead.ghlContactId) return 'other-opportunity';
    if (enquirySince !== null) {
      if (change.createdAt === undefined) return 'opportunity-of-unknown-age';
      if (new Date(change.createdAt) < enquirySince) return 'earlier-opportunity';
    }
  }
  // What is deleted stays deleted, whenever it happened.
  if (change.kind === 'opportunity-deleted') return undefined;
  const isStale = hereSince !== null && change.occurredAt !== undefined && new Date(change.occurredAt) < hereSince;
  return isStale ? 'before-it-came' : undefined;
}

/**
 * Finds since when a lead has the contact of its active assignment. GHL's clock is held against ours without a
 * tolerance: the contact is written after the slot is taken, and what follows from that comes later still.
 * @param earlier its assignments, oldest first, the active one among them
 * @param lead `isMadeByContact`: the creation of its source contact was the enquiry
 */
export function findContactStay(
  ghlContactId: string | null,
  earlier: readonly { ghlContactId: string | null; reservedAt: Date }[],
  lead: { sourceContactId: string | null; receivedAt: Date; isMadeByContact: boolean },
): ContactStay {
  if (ghlContactId === null) return { enquirySince: null, hereSince: null };
  const placed = earlier.filter((each) => each.ghlContactId !== null);
  const isThere = placed.map((each) => each.ghlContactId === ghlContactId);
  const first = placed[isThere.indexOf(true)]?.reservedAt ?? lead.receivedAt;
  const here = placed[isThere.lastIndexOf(false) + 1]?.reservedAt ?? first;
  if (ghlContactId !== lead.sourceContactId) return { enquirySince: first, hereSince: here };
  return { enquirySince: lead.isMadeByContact ? null : lead.receivedAt, hereSince: here };
}
