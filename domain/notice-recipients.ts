import type { Notice, NoticeChannel, NoticeRecipient } from './notice.ts';

/** What somebody has asked to hear. */
export interface HeardSubscription {
  id: string;
  /** Null: all of the agency. */
  locationId: string | null;
  repId: string | null;
  topics: readonly string[];
  channel: NoticeChannel;
  recipient: NoticeRecipient;
  /** In plain, of `address`. */
  address: string | null;
  endpointId: string | null;
  isMuted: boolean;
}

/** What a notice is about, as far as it decides who hears of it. */
export interface NoticeSurroundings {
  /** The notice's location and all above it. */
  locationIds: readonly string[];
  /** The rep whom it is about. */
  rep: { id: string; email: string | null; isMuted: boolean } | null;
}

export interface ChosenRecipient {
  channel: NoticeChannel;
  /** Names who hears without saying where: `rep:<id>`, `subscription:<id>` or `endpoint:<id>`. */
  recipient: string;
  address: string | null;
  /** A code: why nothing goes to them. */
  suppressedFor: 'subscription-muted' | 'rep-muted' | 'rep-without-address' | null;
}

/**
 * Decides who hears of a notice: all whose subscription covers it, for the most exact one does not hide the wider ones. Who
 * is reached at the same address, or endpoint, by several hears once. An endpoint does not hear of itself.
 */
export function chooseRecipients(
  notice: Pick<Notice, 'topic' | 'data'>,
  subscriptions: readonly HeardSubscription[],
  { locationIds, rep }: NoticeSurroundings,
): ChosenRecipient[] {
  const chosen = new Map<string, ChosenRecipient>();
  for (const subscription of subscriptions) {
    if (!isHeard(notice, subscription, { locationIds, rep })) continue;
    const each = recipientOf(subscription, rep);
    if (!each) continue;
    const place = each.address === null ? each.recipient : each.address.toLowerCase();
    const known = chosen.get(place);
    // Who is muted as the rep, or in one subscription, may have another one.
    if (!known || (known.suppressedFor !== null && each.suppressedFor === null)) chosen.set(place, each);
  }
  return [...chosen.values()];
}

/**
 * Decides whether a delivery that was planned earlier still goes to its address: a code of why not, or null.
 */
export function judgeDelivery(
  notice: Pick<Notice, 'topic' | 'data'>,
  address: string,
  subscriptions: readonly HeardSubscription[],
  surroundings: NoticeSurroundings,
): string | null {
  const place = address.toLowerCase();
  const found = chooseRecipients(notice, subscriptions, surroundings).find(
    (each) => each.address?.toLowerCase() === place,
  );
  return found ? found.suppressedFor : 'unsubscribed';
}

function isHeard(
  notice: Pick<Notice, 'topic' | 'data'>,
  { id, locationId, repId, topics, endpointId }: HeardSubscription,
  { locationIds, rep }: NoticeSurroundings,
): boolean {
  if (notice.topic === 'notice.test') return 'subscriptionId' in notice.data && notice.data.subscriptionId === id;
  if (!topics.includes(notice.topic)) return false;
  // That it takes nothing an endpoint is not told by itself: each attempt in vain would make another.
  if (endpointId !== null && endpointId === troubledEndpointOf(notice)) return false;
  if (repId !== null) return rep?.id === repId;
  return locationId === null || locationIds.includes(locationId);
}

/** The endpoint that a notice says takes nothing; undefined for any other notice. */
const troubledEndpointOf = ({ data }: Pick<Notice, 'data'>): string | undefined =>
  'subjectKind' in data && data.subjectKind === 'webhook-endpoint' ? data.subjectId : undefined;

function recipientOf(
  { id, channel, recipient, address, endpointId, isMuted }: HeardSubscription,
  rep: NoticeSurroundings['rep'],
): ChosenRecipient | null {
  const muted = isMuted ? ('subscription-muted' as const) : null;
  switch (recipient) {
    case 'address':
      return { channel, recipient: `subscription:${id}`, address, suppressedFor: muted };
    case 'endpoint':
      return { channel, recipient: `endpoint:${endpointId}`, address: null, suppressedFor: muted };
    case 'rep': {
      if (rep === null) return null;
      const suppressedFor = muted ?? (rep.isMuted ? 'rep-muted' : rep.email === null ? 'rep-without-address' : null);
      return { channel, recipient: `rep:${rep.id}`, address: rep.email, suppressedFor };
    }
  }
}
