import { ApplicationFailure, Context } from '@temporalio/activity';
import { findGhlAddress, type GhlAddress } from '../db/locations.ts';
import { findContactOfRecord, markDeleted } from '../db/mirror.ts';
import { withScope } from '../db/scope.ts';
import type { ContactChange } from '../domain/contact-change.ts';
import type { Observation } from '../domain/mirror.ts';
import type { GhlCalls, LocationCall } from '../ghl/calls.ts';
import { GhlForbiddenError } from '../ghl/errors.ts';
import { listMessages } from '../ghl/messages.ts';
import type { StoreDeps } from './dependencies.ts';
import { talkingToGhl } from './ghl-step.ts';
import { takeRead, tellGone } from './mirror-news.ts';
import { completeMessage, readRecord } from './mirror-reads.ts';
import { createOrphans, findTaskOwners, followOrphan } from './orphans.ts';
import { requireLocation } from './named-location.ts';
import { mapStoreFailures } from './store-failure.ts';
import {
  addRefusedLetter,
  addUnreadLetters,
  finalCauseOf,
  isKindRefused,
  readTold,
  settleRefused,
  type ToldRecord,
} from './unread-records.ts';

export interface ReadChangesArgs {
  agencyId: string;
  locationId: string;
  changes: ContactChange[];
}

/** What a reading brought of the records that were named. */
export interface ReadChangesResult {
  read: number;
  gone: number;
  /** Notes and tasks of which nobody knows the contact, or whose contact is gone. */
  unknown: number;
  /** Those that no waiting brings; each is before an operator. */
  unread: number;
}

/** So many messages of one conversation are read by one call. */
const MESSAGES_AT_ONCE = 100;

export function createContactSyncGhlActivities(deps: StoreDeps & { ghl: GhlCalls }) {
  /**
   * Reads what events named and writes what is newer. Repeatable: what was read before is read again and found the same.
   * A record that cannot be read for good is put before an operator and keeps no other back; where the location refuses
   * all of a kind, that is one letter. Nothing is read of a location from which the app was removed.
   * @throws ApplicationFailure of GHL; final: ContactChangeMalformed, LocationNotFound, LocationNotConnected
   */
  async function readChanges(args: ReadChangesArgs): Promise<ReadChangesResult> {
    const told = toldIn(args.changes);
    const changes = told.filter((change) => change !== 'malformed');
    const address = await findPlace(args);
    const result: ReadChangesResult = { read: 0, gone: 0, unknown: 0, unread: 0 };
    if (!address) return result;
    const signal = Context.current().cancellationSignal;
    const call: LocationCall = { resource: { kind: 'location', ...address }, lane: 'sync', signal };
    const refused = createRefusals(args, call);
    /** Does a step of some records; where it fails for good, they are unread and the rest goes on. */
    const orUnread = async (records: readonly ToldRecord[], step: () => Promise<void>): Promise<void> => {
      try {
        if (!refused.hold(records)) return await step();
        result.unread += records.length;
      } catch (error) {
        const cause = finalCauseOf(error);
        if (cause === undefined) throw error;
        result.unread += records.length;
        if (await refused.note(records, error)) return;
        await withScope(deps.db, { agencyId: args.agencyId }, (tx) => addUnreadLetters(tx, args, records, cause));
      }
    };
    await talkingToGhl(async () => {
      const malformed = told.filter((change) => change === 'malformed');
      if (malformed.length > 0) await orUnread(malformed, () => Promise.reject(malformedFailure()));
      const listed = await listGatheredMessages(call, changes);
      const { owners, ownerless } = await findOwners(args, changes);
      await orUnread(ownerless, async () => {
        const taskIds = new Set(ownerless.map(({ ghlId }) => ghlId));
        for (const [id, contactId] of await findTaskOwners(deps.ghl, call, taskIds)) owners.set(id, contactId);
      });
      const orphans = createOrphans();
      for (const change of changes) {
        await orUnread([change], async () => {
          const askedAt = deps.now();
          const seen = listed.get(change.ghlId) ?? (await readNamed(call, change, owners));
          if (seen === 'unknown') result.unknown += 1;
          else if (seen !== undefined || !orphans.add(change, owners.get(change.ghlId))) {
            await remember(args, change, seen, askedAt);
            result[seen ? 'read' : 'gone'] += 1;
          }
        });
      }
      for (const orphan of orphans.entries()) {
        const { owner, records } = orphan;
        await orUnread(records.length > 0 ? records : [{ resource: 'contact', ghlId: owner }], async () => {
          for (const { record, seen, askedAt } of await followOrphan(deps, call, args, orphan)) {
            if (seen !== 'unknown') await remember(args, record, seen === 'gone' ? undefined : seen, askedAt);
            const isNamed = records.some(
              ({ resource, ghlId }) => resource === record.resource && ghlId === record.ghlId,
            );
            if (isNamed) result[typeof seen === 'string' ? seen : 'read'] += 1;
          }
        });
      }
    }, 'wait');
    return result;
  }

  /** Which kinds of records GHL does not show of the location at all: one letter for each, and no more calls. */
  function createRefusals(args: ReadChangesArgs, call: LocationCall) {
    const kinds = new Set<ContactChange['resource']>();
    return {
      hold: (records: readonly ToldRecord[]): boolean =>
        records.length > 0 && records.every((each) => each !== 'malformed' && kinds.has(each.resource)),
      /** @returns whether it is the location's and not the records' own */
      async note(records: readonly ToldRecord[], error: unknown): Promise<boolean> {
        const [first] = records;
        if (!(error instanceof GhlForbiddenError) || first === undefined || first === 'malformed') return false;
        if (!(await isKindRefused(deps.ghl, call, first.resource))) return false;
        kinds.add(first.resource);
        await withScope(deps.db, { agencyId: args.agencyId }, (tx) =>
          addRefusedLetter(tx, args, first.resource, error.code),
        );
        return true;
      },
    };
  }

  async function findPlace({ agencyId, locationId }: ReadChangesArgs): Promise<GhlAddress | undefined> {
    return withScope(deps.db, { agencyId }, async (tx) => {
      const { installed_at: installedAt } = await requireLocation(tx, locationId);
      if (installedAt === null) return undefined;
      const address = await findGhlAddress(tx, locationId);
      if (address) return address;
      throw ApplicationFailure.nonRetryable('the location is not connected to GHL', 'LocationNotConnected');
    });
  }

  /**
   * Several messages of one conversation cost one call; what is not among its latest is read by itself. So is each of them
   * where one cannot be read.
   */
  async function listGatheredMessages(call: LocationCall, changes: ContactChange[]): Promise<Map<string, Observation>> {
    const found = new Map<string, Observation>();
    for (const [conversationId, ghlIds] of messagesByConversation(changes)) {
      if (ghlIds.size < 2) continue;
      const askedAt = deps.now();
      try {
        const { items } = await listMessages(deps.ghl, call, { conversationId, limit: MESSAGES_AT_ONCE });
        for (const message of items) {
          if (!ghlIds.has(message.id)) continue;
          const seen = await completeMessage(deps.ghl, call, message, askedAt);
          if (seen) found.set(message.id, seen);
        }
      } catch (error) {
        if (finalCauseOf(error) === undefined) throw error;
      }
    }
    return found;
  }

  async function readNamed(
    call: LocationCall,
    { resource, ghlId }: ContactChange,
    owners: ReadonlyMap<string, string>,
  ): Promise<Observation | 'unknown' | undefined> {
    if (resource !== 'note' && resource !== 'task') return readRecord(deps.ghl, call, { resource, ghlId }, deps.now);
    const ghlContactId = owners.get(ghlId);
    if (ghlContactId === undefined) return 'unknown';
    return readRecord(deps.ghl, call, { resource, ghlId, ghlContactId }, deps.now);
  }

  /** Notes and tasks are read through their contact, which GHL leaves out of its events of tasks. */
  async function findOwners(
    { agencyId, locationId }: ReadChangesArgs,
    changes: ContactChange[],
  ): Promise<{ owners: Map<string, string>; ownerless: ContactChange[] }> {
    const owners = new Map<string, string>();
    const ownerless: ContactChange[] = [];
    for (const change of changes) {
      const { resource, ghlId, ghlContactId } = change;
      if (resource !== 'note' && resource !== 'task') continue;
      const place = { agencyId, locationId, resource };
      const owner =
        ghlContactId ?? (await withScope(deps.db, { agencyId }, (tx) => findContactOfRecord(tx, place, ghlId)));
      if (owner !== undefined) owners.set(ghlId, owner);
      else if (resource === 'task') ownerless.push(change);
    }
    return { owners, ownerless };
  }

  async function remember(
    { agencyId, locationId }: ReadChangesArgs,
    { resource, ghlId }: Pick<ContactChange, 'resource' | 'ghlId'>,
    seen: Observation | undefined,
    askedAt: Date,
  ): Promise<void> {
    const place = { agencyId, locationId, resource };
    await withScope(deps.db, { agencyId }, async (tx) => {
      if (seen) return takeRead(tx, deps, place, seen);
      await settleRefused(tx, locationId, resource, deps.now());
      await tellGone(tx, deps, place, await markDeleted(tx, place, [ghlId], askedAt), askedAt);
    });
  }

  return mapStoreFailures({ readChanges });
}

export type ContactSyncGhlActivities = ReturnType<typeof createContactSyncGhlActivities>;

function toldIn(changes: unknown): ReturnType<typeof readTold> {
  if (Array.isArray(changes)) return readTold(changes);
  throw malformedFailure();
}

const malformedFailure = (): ApplicationFailure =>
  ApplicationFailure.nonRetryable('no records of a contact are named', 'ContactChangeMalformed');

function messagesByConversation(changes: ContactChange[]): Map<string, Set<string>> {
  const byConversation = new Map<string, Set<string>>();
  for (const { resource, conversationId, ghlId } of changes) {
    if (resource !== 'message' || conversationId === undefined) continue;
    byConversation.set(conversationId, (byConversation.get(conversationId) ?? new Set()).add(ghlId));
  }
  return byConversation;
}
