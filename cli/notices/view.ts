import type { HeardSubscription } from '../../domain/notice-recipients.ts';
import { maskAddress } from '../../domain/notice-subscription-schema.ts';
import { formatTable } from '../output.ts';

/** A subscription as commands answer it: an address is shown so far that one knows one's own. */
export const viewSubscription = ({
  id,
  locationId,
  repId,
  topics,
  channel,
  recipient,
  isMuted,
  ...to
}: HeardSubscription) => ({
  id,
  of: repId === null ? (locationId === null ? 'agency' : `location ${locationId}`) : `rep ${repId}`,
  channel,
  to: to.address !== null ? maskAddress(to.address) : (to.endpointId ?? recipient),
  topics,
  isMuted,
});

export const formatSubscriptions = (subscriptions: readonly HeardSubscription[]): string =>
  formatTable(
    ['subscription', 'of', 'channel', 'to', 'topics'],
    subscriptions.map((each) => {
      const { id, of, channel, to, topics, isMuted } = viewSubscription(each);
      return [id, of, channel, isMuted ? `${to} (muted)` : to, topics.join(', ')];
    }),
    'Nobody hears of anything: notices subscribe.',
  );
