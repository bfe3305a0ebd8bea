import type { Fields } from '../domain/mirror.ts';
import { GhlInvalidError } from '../ghl/errors.ts';
import type { GhlMessage } from '../ghl/message-schema.ts';
import { exportMessages, getEmail, getMessage } from '../ghl/messages.ts';
import { observeMessage } from './mirror-observations.ts';
import {
  asListed,
  type Found,
  type Listed,
  type ListedPage,
  type Listing,
  type PollSource,
  unlessGone,
} from './poll-source.ts';

/** GHL's longest page of an export. */
const PAGE = 500;

/** Without a channel the export leaves e-mails out. */
const ROUNDS = [undefined, 'Email'] as const;

/** What lists leave out of an e-mail. */
const WRITTEN = ['subject', 'body', 'from', 'to', 'cc'];

const isEmail = ({ fields }: { fields: Fields }): boolean => fields['messageType'] === 'TYPE_EMAIL';

async function list({ ghl, call, after, askedAt }: Listing, from: Date | null): Promise<ListedPage> {
  const { round, cursor } = (after as { round: number; cursor?: string } | null) ?? { round: 0, cursor: undefined };
  const channel = ROUNDS[round];
  const wanted = { limit: PAGE, ...(channel && { channel }), ...(from && { from }) };
  const page = await exportMessages(ghl, call, wanted, cursor);
  const items = page.items.flatMap((message): Listed[] => {
    const seen = observeMessage(message, askedAt);
    return seen ? [{ seen: asListed(seen), changedAt: seen.ghlCreatedAt }] : [];
  });
  if (page.next !== null) return { items, next: { round, cursor: page.next } };
  return { items, next: round + 1 < ROUNDS.length ? { round: round + 1 } : null };
}

/** A message that was read; an e-mail with its body. */
async function readWhole({ ghl, call, askedAt }: Omit<Listing, 'after'>, message: GhlMessage): Promise<Found> {
  const emailId = message.meta?.email?.messageIds[0];
  // A body that is missing says nothing about the message.
  const email = emailId === undefined ? undefined : await unlessGone(() => getEmail(ghl, call, emailId));
  const seen = observeMessage(message, askedAt, email);
  if (!seen) throw new GhlInvalidError({ operation: 'getMessage', reason: 'response-shape', fields: ['dateAdded'] });
  return { seen };
}

/** Messages are exported by their last change; the bodies of e-mails are read one by one. */
export const messageSource: PollSource = {
  changes: { order: 'oldest-first', list },
  listAll: (listing) => list(listing, null),
  read: (listing, id) => unlessGone(async () => readWhole(listing, await getMessage(listing.ghl, listing.call, id))),
  isPartial: ({ seen }) => isEmail(seen),
  believe(known, listed) {
    if (!known || !isEmail({ fields: listed })) return listed;
    const written = WRITTEN.flatMap((name) => (known[name] === undefined ? [] : [[name, known[name]] as const]));
    return { ...listed, ...Object.fromEntries(written) };
  },
};
