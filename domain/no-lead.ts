import { type ContactFacts, type ContactLeadReason, decideContactLead, type PlannedAccount } from './event-plan.ts';
import { OWN_CONTACT_SOURCE } from './own-writes.ts';

/** A contact of which GHL told, and of which no lead was made then. */
export interface LeadlessContact extends Pick<ContactFacts, 'type' | 'contactCreatedAt' | 'source'> {
  locationId: string;
  /** When we heard of it. */
  heardAt: Date;
  /** Whether a change of ours made it. */
  isMadeHere: boolean;
  /** A lead that it has all the same: the one that was placed in it, or one that something else made of it. */
  lead: { id: string; isPlacedHere: boolean } | null;
}

/** Why a contact is no lead, and what an operator can do where it should be one. */
export interface NoLead {
  reason: string;
  youCan: string;
}

const REASONS: Readonly<Record<ContactLeadReason, string>> = {
  lead: 'its location was set up otherwise when it came, or no event told of it and polling has yet to',
  'not-created': 'a change makes no lead by itself: only what a trigger waits for does, when it comes to be',
  'not-an-intake-account': 'its location is no intake account: new contacts there are its own customers',
  'not-live': 'its location only observes',
  'created-before-live': 'GHL made it before its location went live',
  'own-contact': 'we made it ourselves',
};

/**
 * Says why a contact made no lead: by the rule of intake (`decideContactLead`), and by how its location is set up now.
 * @param agency the option that commands want
 */
export function explainNoLead(account: PlannedAccount, contact: LeadlessContact, agency: string): NoLead {
  const { lead, locationId, source, isMadeHere, heardAt: receivedAt } = contact;
  if (lead) {
    const reason = lead.isPlacedHere
      ? `we made it ourselves, for the lead ${lead.id}`
      : `something else made the lead ${lead.id} of it`;
    return { reason, youCan: `cli why ${lead.id} ${agency}` };
  }
  // What is ours is no enquiry, however its location is set up.
  const isOwnContact = isMadeHere || source === OWN_CONTACT_SOURCE;
  const reason = isOwnContact
    ? 'own-contact'
    : decideContactLead(account, contact, { isOwnContact, receivedAt }).reason;
  return { reason: REASONS[reason], youCan: adviseOn(reason, locationId, agency) };
}

function adviseOn(reason: ContactLeadReason, locationId: string, agency: string): string {
  switch (reason) {
    case 'not-created':
      return `do nothing, or look at the triggers: cli triggers list --location ${locationId} ${agency}`;
    case 'not-an-intake-account':
      return `do nothing, or, should new contacts there be enquiries: cli locations set ${locationId} --intake ${agency}`;
    case 'not-live':
      return `have what comes from then on taken: cli locations go-live ${locationId} ${agency}`;
    case 'lead':
      return `see when polling looks: cli sync status --location ${locationId} ${agency}`;
    case 'created-before-live':
      return 'do nothing, or, should this one be an enquiry: POST /v1/leads';
    case 'own-contact':
      return 'do nothing';
  }
}
