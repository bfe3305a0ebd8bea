import type { Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { seal } from '../crypto/seal.ts';
import { addWork } from '../db/event-capabilities.ts';
import { listUntoldContacts, storeFoundEvent } from '../db/found-events.ts';
import type { GhlAddress } from '../db/locations.ts';
import type { MirrorPlace } from '../db/mirror-place.ts';
import { findDroppedBefore } from '../db/partitions.ts';
import type { Origin } from '../db/poll-mirror.ts';
import type { Database } from '../db/schema.ts';
import type { IntakeAccount } from '../db/tenants.ts';
import { type ContactFacts, decideContactLead, type OpportunityFacts } from '../domain/event-plan.ts';
import type { SeenNews } from '../domain/mirror-news.ts';
import type { StoreDeps } from './dependencies.ts';
import { followChange } from './follow-change.ts';

type Tx = Transaction<Database>;

/** Where something was found, and as what sort of account that makes leads. A turn of polling is one. */
export interface Follower {
  deps: Pick<StoreDeps, 'keys' | 'now'>;
  place: MirrorPlace;
  address: Pick<GhlAddress, 'ghlLocationId'>;
  account: IntakeAccount;
}

/** Nothing that GHL does not date was made since an account went live. */
const UNDATED = new Date(0);

/** Whether a contact would be a lead if its creation were told now. Whether it is our own is found out when that is planned. */
function mayBeMissedLead({ account }: Follower, facts: ContactFacts): boolean {
  const creation = { ...facts, type: 'ContactCreate' };
  return decideContactLead(account, creation, { isOwnContact: false, receivedAt: UNDATED }).isLead;
}

/**
 * Which of some contacts are leads that nobody has told of: made in a live intake account since its go-live, without a
 * lead and without a ContactCreate.
 */
export async function findMissedLeads(
  tx: Tx,
  follower: Follower,
  found: readonly { told?: SeenNews }[],
): Promise<Set<string>> {
  const creations = found.flatMap(({ told }) =>
    told?.facts.kind === 'contact' && mayBeMissedLead(follower, told.facts) ? [told.facts] : [],
  );
  if (creations.length === 0) return new Set();
  // Of what was made before then the events are gone that may have told of it.
  const since = (await findDroppedBefore(tx, 'events')) ?? UNDATED;
  const ids = creations.flatMap(({ ghlContactId, contactCreatedAt }) =>
    (contactCreatedAt ?? UNDATED) >= since ? [ghlContactId] : [],
  );
  return listUntoldContacts(tx, follower.place, ids);
}

/**
 * Does what the event would have done that did not come: leads hear of the change, triggers see it, and a contact that
 * nobody told of makes the lead that its creation would have made, by the same key. In the transaction that writes what
 * was found, so that a crash repeats both or neither.
 * @param type of the event that should have come
 * @param observedAt when the record looked like this
 */
export async function followFound(
  tx: Tx,
  { deps, account, address, place }: Follower,
  { facts, body }: SeenNews,
  type: string,
  observedAt: Date,
): Promise<void> {
  const { agencyId, locationId } = place;
  const receivedAt = deps.now();
  const rowId = uuidv7();
  const by = { rowId, receivedAt, observedAt, source: 'poll' as const, now: receivedAt };
  const work = await followChange(tx, withType(facts, type), account, by);
  if (work.length === 0) return;
  const whole = { ...body, type, locationId: address.ghlLocationId };
  const owner = { agencyId, locationId, purpose: 'event-body' };
  await storeFoundEvent(tx, {
    rowId,
    receivedAt,
    agencyId,
    locationId,
    type,
    ghlLocationId: address.ghlLocationId,
    ghlContactId: facts.ghlContactId,
    body: seal(deps.keys, Buffer.from(JSON.stringify(whole)), owner),
  });
  await addWork(tx, work);
}

const withType = (facts: ContactFacts | OpportunityFacts, type: string): ContactFacts | OpportunityFacts => ({
  ...facts,
  type,
});

/** Lets leads hear that a contact or opportunity is gone. */
export async function followGone(tx: Tx, follower: Follower, origin: Origin, askedAt: Date): Promise<void> {
  const facts = goneFacts(follower, origin);
  if (facts) await followFound(tx, follower, { facts, body: { id: origin.ghlId } }, facts.type, askedAt);
}

function goneFacts(
  { place: { resource } }: Follower,
  { ghlId, ghlContactId, ghlCreatedAt }: Origin,
): ContactFacts | OpportunityFacts | undefined {
  const untold = { source: null, assignedTo: null, isCut: false };
  if (resource === 'contact') {
    const told = { contactCreatedAt: ghlCreatedAt, tags: [], customFields: [] };
    return { kind: 'contact', type: 'ContactDelete', ghlContactId: ghlId, ...told, ...untold };
  }
  if (resource !== 'opportunity') return undefined;
  const told = { ghlOpportunityId: ghlId, opportunityCreatedAt: ghlCreatedAt, status: null };
  return { kind: 'opportunity', type: 'OpportunityDelete', ghlContactId, ...told, ...untold };
}
