import {
  type ConcernedByEvent,
  type ContactFacts,
  isSeenByTriggers,
  mayChangeLeads,
  type OpportunityFacts,
  type PlannedAccount,
  tellsOfEnd,
} from './event-plan.ts';

export type RereadReason =
  | 'tells-enough'
  | 'not-acted-on'
  | 'concerns-nobody'
  | 'may-be-reassigned'
  | 'may-trigger'
  | 'contact-unknown'
  | 'status-unknown'
  | 'age-unknown';

export interface Reread {
  isNeeded: boolean;
  reason: RereadReason;
}

const needed = (reason: RereadReason): Reread => ({ isNeeded: true, reason });
const notNeeded = (reason: RereadReason): Reread => ({ isNeeded: false, reason });

/**
 * Decides whether a contact must be read from GHL before its event can be judged: GHL cuts payloads above its limit,
 * and then rep, tags and fields are missing. Only where they could matter to somebody: cut edits of old customers in an
 * account without triggers ask for nothing. The lead that a cut ContactCreate makes reads its contact by itself; here
 * it is the base line of the triggers that is missing. Nothing acts on ContactDndUpdate.
 * @param concerned the open leads of the contact
 * @param hasTriggers whether the account has any
 */
export function decideContactReread(
  contact: ContactFacts,
  account: PlannedAccount,
  { concerned, hasTriggers }: { concerned: readonly ConcernedByEvent[]; hasTriggers: boolean },
): Reread {
  if (!contact.isCut || contact.type === 'ContactDelete') return notNeeded('tells-enough');
  if (contact.type === 'ContactUpdate' && concerned.some((lead) => lead.isAssignedContact)) {
    return needed('may-be-reassigned');
  }
  if (!isSeenByTriggers(account, contact)) return notNeeded('not-acted-on');
  return account.liveAt !== null && hasTriggers ? needed('may-trigger') : notNeeded('concerns-nobody');
}

/**
 * Decides whether an opportunity must be read from GHL before its event can be judged: because GHL cut the payload, or
 * because the contact or the age is missing that tells whether it belongs to an enquiry.
 * @param contactId the event's, or the one we know the opportunity by
 * @param concerned the open leads of that contact
 * @param hasOpenLeads whether any lead is open in the location
 */
export function decideOpportunityReread(
  opportunity: OpportunityFacts,
  {
    contactId,
    concerned,
    hasOpenLeads,
  }: { contactId: string | null; concerned: readonly ConcernedByEvent[]; hasOpenLeads: boolean },
): Reread {
  if (!mayChangeLeads(opportunity)) return notNeeded('not-acted-on');
  const { isCut, assignedTo, ghlOpportunityId } = opportunity;
  const isEnd = tellsOfEnd(opportunity);
  if (!isCut && !isEnd && assignedTo === null) return notNeeded('tells-enough');
  if (contactId === null) return hasOpenLeads ? needed('contact-unknown') : notNeeded('concerns-nobody');
  if (concerned.length === 0) return notNeeded('concerns-nobody');
  if (isCut && !isEnd) return needed('status-unknown');
  const isOfAll = concerned.every((lead) => lead.ghlOpportunityId === ghlOpportunityId);
  return isEnd && opportunity.opportunityCreatedAt === null && !isOfAll
    ? needed('age-unknown')
    : notNeeded('tells-enough');
}
