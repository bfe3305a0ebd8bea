/** What happens to a lead that somebody may want to hear of. */
export const LEAD_TOPICS = [
  'lead.assigned',
  'lead.reassigned',
  'lead.accepted',
  'lead.closed',
  /** Nobody who was asked for could take it: it went to a fallback, or to a queue. */
  'lead.unrouted',
] as const;
export type LeadTopic = (typeof LEAD_TOPICS)[number];

/** What whoever operates an agency's accounts may want to hear of. */
export const OPERATOR_TOPICS = [
  'install.needs-reauth',
  'breaker.opened',
  'budget.nearly-spent',
  'dead-letter.left',
  'signatures.refused',
  'location.silent',
] as const;
export type OperatorTopic = (typeof OPERATOR_TOPICS)[number];

/** What one can subscribe to. */
export const NOTICE_TOPICS = [...LEAD_TOPICS, ...OPERATOR_TOPICS] as const;
/** A test is sent to the one subscription that it tries, and nobody subscribes to it. */
export type NoticeTopic = LeadTopic | OperatorTopic | 'notice.test';

/**
 * How many may hear by e-mail of one place: the agency, a location, or a rep. One workflow tells all who hear of a notice at
 * the same time, and Temporal lets no more than 2,000 steps of a workflow be under way: above a place are a few others.
 */
export const SUBSCRIPTIONS_PER_PLACE = 100;

export const isOperatorTopic = (topic: string): topic is OperatorTopic =>
  (OPERATOR_TOPICS as readonly string[]).includes(topic);

/** What a notice tells beside whose it is: ids, small codes and figures, never personal data. Times are ISO 8601. */
export interface NoticeFacts {
  'lead.assigned': { assignmentId: string; ghlContactId: string | null };
  'lead.reassigned': { assignmentId: string; ghlContactId: string | null; formerRepId: string | null };
  'lead.accepted': { assignmentId: string; ghlContactId: string | null };
  'lead.closed': { reason: string; assignmentId: string | null; ghlContactId: string | null };
  'lead.unrouted': { decisionId: string; reason: string };
  'install.needs-reauth': { installId: string; purpose: string; reason: string };
  'breaker.opened': { endpointGroup: string; openUntil: string };
  'budget.nearly-spent': { resource: string; leftPercent: number };
  'dead-letter.left': {
    deadLetterId: string;
    capability: string;
    cause: string;
    subjectKind: string;
    subjectId: string;
  };
  'signatures.refused': { inHour: number };
  'location.silent': { lastEventAt: string };
  'notice.test': { subscriptionId: string };
}

/** Something that has happened, as it is written down. */
export interface NewNotice<Topic extends NoticeTopic = NoticeTopic> {
  agencyId: string;
  locationId: string | null;
  /** The rep whom it is about: of a lead the one it is with now. */
  repId: string | null;
  leadId: string | null;
  topic: Topic;
  /** What makes it one occurrence: an agency hears of a topic once for each key, for ever. */
  occurrenceKey: string;
  occurredAt: Date;
  data: NoticeFacts[Topic];
}

export type Notice = NewNotice & { id: string };

export const NOTICE_CHANNELS = ['email', 'webhook'] as const;
export type NoticeChannel = (typeof NOTICE_CHANNELS)[number];

/** `rep`: whom the notice is about, by their address in GHL; `endpoint`: one that webhooks go to. */
export const NOTICE_RECIPIENTS = ['address', 'rep', 'endpoint'] as const;
export type NoticeRecipient = (typeof NOTICE_RECIPIENTS)[number];

/**
 * A delivery moves one way: `sending` is committed before anything leaves this machine. What is known not to have gone
 * is `pending` again; `unknown` may have gone, and is never repeated.
 */
export const DELIVERY_STATES = ['pending', 'sending', 'sent', 'refused', 'unknown', 'suppressed'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** A delivery as its workflow knows it. */
export interface PlannedDelivery {
  deliveryId: string;
  channel: NoticeChannel;
}
