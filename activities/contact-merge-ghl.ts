import { ApplicationFailure } from '@temporalio/activity';
import { type ContactMerge, endMerge, findMerge, keepCarried, moveLeads } from '../db/contact-merges.ts';
import { findGhlAddress } from '../db/locations.ts';
import { markGone } from '../db/gone-records.ts';
import { countUpcomingAppointments } from '../db/mirror.ts';
import { withScope } from '../db/scope.ts';
import { noteCopied } from '../db/trigger-observations.ts';
import { writtenBlocks } from '../domain/contact-blocks.ts';
import {
  isCarriedOut,
  judgeMerge,
  type MergePlan,
  type MergeRefusal,
  owesBlock,
  planMerge,
} from '../domain/contact-merge.ts';
import type { Observation } from '../domain/mirror.ts';
import type { LocationCall } from '../ghl/calls.ts';
import {
  addContactTags,
  createNote,
  createTask,
  deleteContact,
  getContact,
  listNotes,
  listTasks,
  updateContact,
} from '../ghl/contacts.ts';
import type { ContactUpdateFields } from '../ghl/contact-schema.ts';
import { findConversation } from '../ghl/conversations.ts';
import { GhlDuplicateContactError } from '../ghl/errors.ts';
import { searchOpportunities } from '../ghl/opportunities.ts';
import { toWritten } from './contact-push.ts';
import { editCall } from './contact-target.ts';
import type { GhlDeps } from './dependencies.ts';
import { ignoringMissing, talkingToGhl } from './ghl-step.ts';
import { takeSeen, tellGone } from './mirror-news.ts';
import { observeContact } from './mirror-observations.ts';
import { mapStoreFailures } from './store-failure.ts';

export interface MergeArgs {
  agencyId: string;
  mergeId: string;
}

interface Pair {
  merge: ContactMerge;
  call: LocationCall;
  survivorId: string;
  loserId: string;
}

interface Look {
  reason: MergeRefusal | 'loser-gone' | 'survivor-gone' | 'ok';
  survivor?: Observation;
  loser?: Observation;
}

/**
 * How often what the survivor lacks is given before the other one is deleted all the same: GHL may show a value otherwise
 * than it was written, and leaves some out. With an opt-out still missing nothing is deleted.
 */
const MAX_ROUNDS = 3;

/** A sight of the survivor that was asked for before it had what it is given says nothing; a call takes no longer. */
const COPYING_MS = 20_000;

const unsafe = (reason: string): ApplicationFailure =>
  ApplicationFailure.nonRetryable('the merge would lose what nobody agreed to lose, or lacks a contact', reason);

/**
 * The steps of a merge, each of which can be repeated: what was copied is found again. GHL has no call for it, so the
 * survivor gets what it lacks, and then the other one is deleted.
 */
export function createContactMergeGhlActivities(deps: Omit<GhlDeps, 'notifier'>) {
  /** Looks whether the merge loses nothing that nobody agreed to lose. @returns why not, or `ok` */
  async function judgeContactMerge(args: MergeArgs): Promise<string> {
    const pair = await load(args);
    return talkingToGhl(async () => (await look(pair)).reason, 'wait');
  }

  /**
   * Gives the survivor what it lacks, lets leads follow, and deletes the other contact. What came to that one meanwhile,
   * an opt-out above all, would be deleted with it: so it is looked at and judged anew until nothing is left to be given.
   * @throws ApplicationFailure final: what `judgeContactMerge` returns, where it is no more `ok`
   */
  async function absorbContact(args: MergeArgs): Promise<void> {
    const pair = await load(args);
    const { merge, call, survivorId, loserId } = pair;
    const scope = { agencyId: args.agencyId };
    const place = { agencyId: args.agencyId, locationId: merge.location_id, resource: 'contact' as const };
    await talkingToGhl(async () => {
      let hasCopiedAll = false;
      for (let looks = 1; ; looks += 1) {
        const { survivor, loser } = await lookSafely(pair);
        if (looks === 1) await withScope(deps.db, scope, (tx) => moveLeads(tx, args.agencyId, loserId, survivorId));
        if (!loser) break;
        const plan = planMerge(survivor, loser);
        const isEnough = looks > MAX_ROUNDS && !owesBlock(plan);
        if (isEnough || (hasCopiedAll && isCarriedOut(plan))) {
          await withScope(deps.db, scope, (tx) => keepCarried(tx, merge.id, plan.carried));
          await ignoringMissing(() => deleteContact(deps.ghl, call, loserId));
          break;
        }
        if (looks > MAX_ROUNDS) throw unsafe('opt-out-cannot-follow');
        await writePlan(pair, survivor, plan);
        hasCopiedAll = (await copyNotesAndTasks(call, loserId, survivorId)) === 0;
      }
      const goneAt = deps.now();
      await withScope(deps.db, scope, async (tx) => {
        // Those too that came while the rest was copied: what is told of the deletion would end them.
        await moveLeads(tx, args.agencyId, loserId, survivorId);
        await tellGone(tx, deps, place, await markGone(tx, place, [loserId], goneAt), goneAt);
      });
    }, 'wait');
  }

  /** Gives the survivor the e-mail and phone of the one that is gone, where it has none, and ends the merge. */
  async function finishContactMerge(args: MergeArgs): Promise<void> {
    const { merge, call, survivorId } = await load(args);
    const place = { agencyId: args.agencyId, locationId: merge.location_id, resource: 'contact' as const };
    await talkingToGhl(async () => {
      const before = await see(call, survivorId);
      for (const [name, value] of Object.entries(merge.carried ?? {})) {
        if (typeof value !== 'string' || before?.fields[name] !== undefined) continue;
        try {
          await updateContact(deps.ghl, call, survivorId, { [name]: value });
        } catch (error) {
          // A third contact has it: it stays theirs.
          if (!(error instanceof GhlDuplicateContactError)) throw error;
        }
      }
      const askedAt = deps.now();
      const after = await see(call, survivorId);
      await withScope(deps.db, { agencyId: args.agencyId }, async (tx) => {
        // The leads that followed may be with another user than the one the survivor has all along.
        const by = { foundBy: 'edit' as const, ...(merge.outcome === null && { tells: 'all' as const }) };
        if (after) await takeSeen(tx, deps, place, [after], by);
        else await tellGone(tx, deps, place, await markGone(tx, place, [survivorId], askedAt), askedAt);
        await endMerge(tx, merge, { outcome: 'merged', reason: 'ok', now: deps.now() });
      });
    }, 'wait');
  }

  async function load({ agencyId, mergeId }: MergeArgs): Promise<Pair> {
    return withScope(deps.db, { agencyId }, async (tx) => {
      const merge = await findMerge(tx, mergeId);
      if (!merge) throw ApplicationFailure.nonRetryable('no such merge', 'MergeUnknown');
      const ids = await tx
        .selectFrom('contacts')
        .select(['id', 'ghl_id'])
        .where('id', 'in', [merge.survivor_id, merge.loser_id])
        .execute();
      const ghlIdOf = (id: string): string => ids.find((each) => each.id === id)?.ghl_id ?? '';
      const address = await findGhlAddress(tx, merge.location_id);
      if (!address) throw ApplicationFailure.nonRetryable('the location is not connected', 'LocationNotConnected');
      return {
        merge,
        call: editCall(address),
        survivorId: ghlIdOf(merge.survivor_id),
        loserId: ghlIdOf(merge.loser_id),
      };
    });
  }

  /** Both contacts as GHL shows them now, and whether the merge is safe as they are. */
  async function look({ merge, call, survivorId, loserId }: Pair): Promise<Look> {
    const [survivor, loser] = [await see(call, survivorId), await see(call, loserId)];
    // Gone by this very merge, whose later steps are still to be done, when its identifiers were kept.
    if (!loser && merge.carried === null) return { reason: 'loser-gone' };
    if (!survivor) return { reason: 'survivor-gone' };
    if (!loser) return { reason: 'ok', survivor };
    const appointments = await withScope(deps.db, { agencyId: merge.agency_id }, (tx) =>
      countUpcomingAppointments(tx, merge.location_id, loserId, deps.now()),
    );
    const opportunities = (await searchOpportunities(deps.ghl, call, { contactId: loserId })).length;
    const hasConversation = (await findConversation(deps.ghl, call, loserId)) !== undefined;
    const losses = { opportunities, hasConversation, appointments };
    return { reason: judgeMerge(survivor, loser, losses, merge.accepts_loss).reason, survivor, loser };
  }

  async function lookSafely(pair: Pair): Promise<{ survivor: Observation; loser: Observation | undefined }> {
    const { reason, survivor, loser } = await look(pair);
    if (reason !== 'ok' || !survivor) throw unsafe(reason);
    return { survivor, loser };
  }

  async function see(call: LocationCall, ghlId: string) {
    const askedAt = deps.now();
    let seen: Awaited<ReturnType<typeof getContact>> | undefined;
    await ignoringMissing(async () => {
      seen = await getContact(deps.ghl, call, ghlId);
    });
    return seen && observeContact(seen, askedAt);
  }

  async function writePlan({ merge, call, survivorId }: Pair, survivor: Observation, plan: MergePlan): Promise<void> {
    const { fields, customFields, tags, blocks, isBlocked } = plan;
    const place = { agencyId: merge.agency_id, locationId: merge.location_id };
    const copied = { ghlContactId: survivorId, tags, customFields, isCut: true };
    const until = new Date(deps.now().getTime() + COPYING_MS);
    // Before GHL has them, for its event of them may come before the answer.
    await withScope(deps.db, { agencyId: place.agencyId }, (tx) => noteCopied(tx, place, copied, until));
    const body: ContactUpdateFields = {
      ...fields,
      ...(customFields.length > 0 && { customFields: customFields.map(toWritten) }),
      ...(Object.keys(blocks).length > 0 && { dndSettings: writtenBlocks(survivor.fields, blocks) }),
      ...(isBlocked && { dnd: true }),
    };
    if (Object.keys(body).length > 0) await updateContact(deps.ghl, call, survivorId, body);
    if (tags.length > 0) await addContactTags(deps.ghl, call, survivorId, tags);
  }

  /** @returns how many were copied; those that are there already are not */
  async function copyNotesAndTasks(call: LocationCall, from: string, to: string): Promise<number> {
    let copied = 0;
    const notes = new Set((await listNotes(deps.ghl, call, to)).map(({ body }) => body));
    for (const { body, userId } of await listNotes(deps.ghl, call, from)) {
      if (body === null || notes.has(body)) continue;
      await createNote(deps.ghl, call, to, { body, ...(userId !== null && { userId }) });
      notes.add(body);
      copied += 1;
    }
    const there = await listTasks(deps.ghl, call, to);
    for (const task of await listTasks(deps.ghl, call, from)) {
      const { title, body, dueDate, completed, assignedTo } = task;
      const isThere = there.some((each) => each.title === title && each.dueDate === dueDate);
      if (title === null || dueDate === null || isThere) continue;
      await createTask(deps.ghl, call, to, {
        title,
        dueDate: new Date(dueDate),
        completed: completed === true,
        ...(body !== null && { body }),
        ...(assignedTo !== null && { assignedTo }),
      });
      copied += 1;
    }
    return copied;
  }

  return mapStoreFailures({ judgeContactMerge, absorbContact, finishContactMerge });
}

export type ContactMergeGhlActivities = ReturnType<typeof createContactMergeGhlActivities>;
