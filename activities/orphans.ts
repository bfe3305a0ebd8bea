import { findContact, findContactByGhlId, listContactsWith } from '../db/contacts.ts';
import { type HangingRecord, listNotesAndTasks } from '../db/gone-records.ts';
import { withScope } from '../db/scope.ts';
import type { ContactChange } from '../domain/contact-change.ts';
import type { Observation } from '../domain/mirror.ts';
import type { GhlCalls, LocationCall } from '../ghl/calls.ts';
import { findDuplicateContact, listNotes, listTasks, searchTasks } from '../ghl/contacts.ts';
import type { StoreDeps } from './dependencies.ts';
import { ignoringMissing } from './ghl-step.ts';
import { observeNote, observeTask } from './mirror-observations.ts';
import { readRecord } from './mirror-reads.ts';

type OrphanDeps = StoreDeps & { ghl: GhlCalls };
type Place = { agencyId: string; locationId: string };

/** What has become of a note or task that its contact does not show. */
export interface FollowedOrphan {
  record: HangingRecord;
  /** Gone when its contact is there without it; unknown when the contact is gone and it is nowhere to be found. */
  seen: Observation | 'gone' | 'unknown';
  askedAt: Date;
}

/** Contacts that may be gone, each with the notes and tasks that were looked for through it in vain. */
export interface Orphans {
  /** Takes a record that GHL says is not there. @returns whether it is a note or task of a contact, to be followed */
  add(change: ContactChange, owner: string | undefined): boolean;
  entries(): Orphaned[];
}

/** A contact that may be gone, with what was looked for through it. */
interface Orphaned {
  owner: string;
  isGone: boolean;
  records: HangingRecord[];
}

export function createOrphans(): Orphans {
  const byOwner = new Map<string, { isGone: boolean; records: HangingRecord[] }>();
  const of = (owner: string) => {
    const known = byOwner.get(owner) ?? { isGone: false, records: [] };
    byOwner.set(owner, known);
    return known;
  };
  return {
    add({ resource, ghlId }, owner) {
      if (resource === 'contact') of(ghlId).isGone = true;
      if ((resource !== 'note' && resource !== 'task') || owner === undefined) return false;
      of(owner).records.push({ resource, ghlId });
      return true;
    },
    entries: () => [...byOwner].map(([owner, found]) => ({ owner, ...found })),
  };
}

/** So many contacts can have become the owner of what hung on one. */
const HEIRS_AT_MOST = 5;
const TASKS_AT_ONCE = 100;
/** In which order GHL lists them is not published; looking further would cost more than a task is worth. */
const TASKS_LOOKED_THROUGH = 1_000;

const keyOf = ({ resource, ghlId }: HangingRecord): string => `${resource}/${ghlId}`;

/**
 * Looks where the notes and tasks of a contact are that it does not show. While the contact is there they are deleted. When
 * it is gone, GHL has deleted them with it, or a person has merged it and another contact has them now: GHL tells neither,
 * and gives notes by their contact alone. So whoever has the e-mail or phone of the one that is gone is asked for its notes
 * and tasks, and tasks are looked for in the location. That they are not found proves nothing: they stay with a contact
 * that is marked deleted.
 * @returns one entry for each record, those that the mirror shows of a contact that is gone among them
 * @throws GhlError
 */
export async function followOrphan(
  deps: OrphanDeps,
  call: LocationCall,
  place: Place,
  { owner, isGone, records }: Orphaned,
): Promise<FollowedOrphan[]> {
  const askedAt = deps.now();
  if (!isGone && (await readRecord(deps.ghl, call, { resource: 'contact', ghlId: owner }, deps.now))) {
    return records.map((record) => ({ record, seen: 'gone', askedAt }));
  }
  const mirrored = await inScope(deps, place, (tx) => listNotesAndTasks(tx, place.locationId, [owner]));
  const all = new Map([...mirrored, ...records].map((each) => [keyOf(each), each]));
  if (all.size === 0) return [];
  const followed: FollowedOrphan[] = [];
  const kinds = new Set([...all.values()].map(({ resource }) => resource));
  const inherited = await listInherited(deps, call, place, owner, kinds);
  const lostTasks = [...all].filter(([key, { resource }]) => resource === 'task' && !inherited.has(key));
  const moved = await findTaskOwners(deps.ghl, call, new Set(lostTasks.map(([, { ghlId }]) => ghlId)));
  for (const [key, { resource, ghlId }] of all) {
    const heir = moved.get(ghlId);
    const seen =
      inherited.get(key) ??
      (resource === 'task' && heir !== undefined && heir !== owner
        ? await readRecord(deps.ghl, call, { resource, ghlId, ghlContactId: heir }, deps.now)
        : undefined) ??
      'unknown';
    followed.push({ record: { resource, ghlId }, seen, askedAt });
  }
  return followed;
}

/** Of which contacts tasks are, as the location lists them. @param taskIds is emptied of what is found */
export async function findTaskOwners(
  ghl: GhlCalls,
  call: LocationCall,
  taskIds: Set<string>,
): Promise<Map<string, string>> {
  const owners = new Map<string, string>();
  for (let skip = 0; taskIds.size > 0 && skip < TASKS_LOOKED_THROUGH; skip += TASKS_AT_ONCE) {
    const { items, next } = await searchTasks(ghl, call, { skip, limit: TASKS_AT_ONCE });
    for (const { id, contactId } of items) {
      if (id !== null && contactId !== null && taskIds.delete(id)) owners.set(id, contactId);
    }
    if (next === null) break;
  }
  return owners;
}

/** All notes or tasks, or both, of those who may have become what a contact was. */
async function listInherited(
  deps: OrphanDeps,
  call: LocationCall,
  place: Place,
  owner: string,
  kinds: ReadonlySet<HangingRecord['resource']>,
): Promise<Map<string, Observation>> {
  const found = new Map<string, Observation>();
  for (const heir of await listHeirs(deps, call, place, owner)) {
    const askedAt = deps.now();
    await ignoringMissing(async () => {
      for (const note of kinds.has('note') ? await listNotes(deps.ghl, call, heir) : []) {
        found.set(keyOf({ resource: 'note', ghlId: note.id }), observeNote(note, heir, askedAt));
      }
      for (const task of kinds.has('task') ? await listTasks(deps.ghl, call, heir) : []) {
        found.set(keyOf({ resource: 'task', ghlId: task.id }), observeTask(task, heir, askedAt));
      }
    });
  }
  return found;
}

/** Who has the e-mail or the phone of a contact that is gone, by GHL and by the mirror, and what we know it has become. */
async function listHeirs(deps: OrphanDeps, call: LocationCall, place: Place, owner: string): Promise<string[]> {
  const { known, others } = await inScope(deps, place, async (tx) => {
    const gone = await findContactByGhlId(tx, place.locationId, owner);
    if (!gone) return { known: undefined, others: [] };
    const { email, phone } = gone;
    const become = gone.merged_into === null ? undefined : await findContact(tx, gone.merged_into);
    const alike = await listContactsWith(tx, place.locationId, { email, phone });
    return { known: gone, others: [...(become ? [become] : []), ...alike].map((each) => each.ghl_id) };
  });
  if (!known) return [];
  const { email, phone } = known;
  const byEmail = email === null ? undefined : await findDuplicateContact(deps.ghl, call, { email });
  // A merge has one survivor.
  const byPhone = byEmail || phone === null ? undefined : await findDuplicateContact(deps.ghl, call, { phone });
  const heirs = new Set([byEmail?.id, byPhone?.id, ...others]);
  return [...heirs]
    .filter((id) => typeof id === 'string')
    .filter((id) => id !== owner)
    .slice(0, HEIRS_AT_MOST);
}

const inScope = <T>({ db }: OrphanDeps, { agencyId }: Place, work: Parameters<typeof withScope<T>>[2]): Promise<T> =>
  withScope(db, { agencyId }, work);
