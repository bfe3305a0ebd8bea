import type { Transaction } from 'kysely';
import { listContactsOfOpenLeads } from '../db/lead-intake.ts';
import { type Observed, writeMade, writeObservations } from '../db/mirror.ts';
import type { MirrorPlace } from '../db/mirror-place.ts';
import { listOrigins } from '../db/poll-mirror.ts';
import type { Database } from '../db/schema.ts';
import { findConnectedAccount } from '../db/tenants.ts';
import { type FoundBy, NEWS, type Observation } from '../domain/mirror.ts';
import { newsOf, type SeenNews } from '../domain/mirror-news.ts';
import type { StoreDeps } from './dependencies.ts';
import { findMissedLeads, type Follower, followFound, followGone } from './poll-follow.ts';
import { noteGoneGaps } from './poll-gaps.ts';
import { settleRefused } from './unread-records.ts';

/*
 * Whoever reads a record brings the mirror up to date, and polling finds no news of it then. So whoever writes the mirror
 * tells at once, in the same transaction, what polling would have told. It does not matter that the record's event has told
 * it as well: a trigger sees a step once, a lead's key makes one lead, and leads ask GHL or compare before they change.
 */

type Tx = Transaction<Database>;
type NewsDeps = Pick<StoreDeps, 'keys' | 'now'>;
type News = { seen: Observation; told: SeenNews };

/**
 * Writes what was seen, as `writeObservations` does, and does what news of a contact or opportunity asks for: open leads
 * hear of it, and triggers see it. A backfill is of what is past: it tells open leads alone. Needs the scope of the
 * place's agency.
 * @param by.tells `all`: it is told though nothing of it is new, for the leads are new to it; `creation`: we made the contact
 * ourselves just now, and what it was made with is no step of a trigger; else what is news
 */
export async function takeSeen(
  tx: Tx,
  deps: NewsDeps,
  place: MirrorPlace,
  observations: readonly Observation[],
  by: { foundBy: FoundBy; tells?: 'all' | 'creation' },
): Promise<Observed[]> {
  const [made] = by.tells === 'creation' && observations.length === 1 ? observations : [];
  const observed = made
    ? await writeMade(tx, place, made, by.foundBy)
    : await writeObservations(tx, place, observations, by.foundBy);
  const latest = new Map(observations.map((seen) => [seen.ghlId, seen]));
  const all = observed.flatMap(({ ghlId, judgement }): News[] => {
    const seen = by.tells === 'all' || NEWS.has(judgement) ? latest.get(ghlId) : undefined;
    const told = seen && newsOf(place.resource, seen);
    return seen && told ? [{ seen, told }] : [];
  });
  const isHistoric = by.foundBy === 'backfill';
  const toTell = isHistoric ? await onlyOfOpenLeads(tx, place, all) : all;
  const follower = toTell.length === 0 ? undefined : await findFollower(tx, deps, place);
  if (!follower) return observed;
  // A creation that nobody has told of is polling's to tell: what a contact is made with is no step of a trigger.
  const untold = isHistoric ? new Set<string>() : await findMissedLeads(tx, follower, toTell);
  const ofOpenLeads: Follower = { ...follower, account: { ...follower.account, isIntake: false } };
  for (const { seen, told } of toTell) {
    const to = isHistoric || untold.has(seen.ghlId) ? ofOpenLeads : follower;
    const type = by.tells === 'creation' ? 'ContactCreate' : told.facts.type;
    await followFound(tx, to, told, type, happenedAt(place, seen));
  }
  return observed;
}

/** Takes what a read that an event asked for has shown; that the location's records of the kind can be read is settled with it. */
export async function takeRead(tx: Tx, deps: NewsDeps, place: MirrorPlace, seen: Observation): Promise<void> {
  await settleRefused(tx, place.locationId, place.resource, deps.now());
  await takeSeen(tx, deps, place, [seen], { foundBy: 'event' });
}

/**
 * Lets open leads hear that contacts or opportunities are gone, and notes which ends no event has told.
 * @param marked the records that are marked deleted now, by whatever means
 * @param askedAt when GHL said that they are not there
 */
export async function tellGone(
  tx: Tx,
  deps: NewsDeps,
  place: MirrorPlace,
  marked: readonly string[],
  askedAt: Date,
): Promise<void> {
  if (marked.length === 0) return;
  const origins = await listOrigins(tx, place, marked);
  await noteGoneGaps(tx, place, origins, askedAt);
  const isOfLeads = place.resource === 'contact' || place.resource === 'opportunity';
  const follower = isOfLeads ? await findFollower(tx, deps, place) : undefined;
  if (!follower) return;
  for (const origin of origins) await followGone(tx, follower, origin, askedAt);
}

/** What an opportunity went through happened when it changed; a contact's tags and fields are as they are now. */
const happenedAt = ({ resource }: MirrorPlace, seen: Observation): Date =>
  (resource === 'opportunity' ? seen.ghlUpdatedAt : null) ?? seen.observedAt;

/** A page holds hundreds, of which hardly any concern an open lead. */
async function onlyOfOpenLeads(tx: Tx, { agencyId }: MirrorPlace, all: readonly News[]): Promise<News[]> {
  const ids = all.flatMap(({ seen }) => (seen.ghlContactId === null ? [] : [seen.ghlContactId]));
  const concerned = await listContactsOfOpenLeads(tx, agencyId, ids);
  return all.filter(({ seen }) => seen.ghlContactId !== null && concerned.has(seen.ghlContactId));
}

async function findFollower(tx: Tx, deps: NewsDeps, place: MirrorPlace): Promise<Follower | undefined> {
  const found = await findConnectedAccount(tx, place.agencyId, place.locationId);
  if (!found) return undefined;
  const { ghlLocationId, ...account } = found;
  return { deps, place, account, address: { ghlLocationId } };
}
