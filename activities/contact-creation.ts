import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { Transaction } from 'kysely';
import { type ContactEdit } from '../db/contact-edits.ts';
import { moveEdits, settleEdits, type Settlement } from '../db/edit-outcomes.ts';
import { contactEditedWork } from '../db/contact-work.ts';
import { type Contact, linkContact, listContactsWith, lockContact, noteCreationTried } from '../db/contacts.ts';
import { addWork } from '../db/event-capabilities.ts';
import { markGone } from '../db/gone-records.ts';
import type { MirrorPlace } from '../db/mirror-place.ts';
import type { Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import { chooseCreation, type CreationChoice } from '../domain/contact-creation.ts';
import { overlay, planWrites } from '../domain/contact-edit.ts';
import { isSameValue, valueOf } from '../domain/contact-fields.ts';
import type { ContactIdentity, MatchedContact } from '../domain/contact-match.ts';
import { isOwnSource, OWN_CONTACT_SOURCE } from '../domain/own-writes.ts';
import type { FieldValue, Observation } from '../domain/mirror.ts';
import type { LocationCall } from '../ghl/calls.ts';
import { createContact, findDuplicateContact, getContact } from '../ghl/contacts.ts';
import type { GhlContact } from '../ghl/contact-schema.ts';
import { searchContacts } from '../ghl/contact-search.ts';
import { GhlDuplicateContactError, GhlError, GhlInvalidError, GhlUnavailableError } from '../ghl/errors.ts';
import { addEditLetter, toWritten } from './contact-push.ts';
import { type EditTarget, editCall } from './contact-target.ts';
import type { GhlDeps } from './dependencies.ts';
import { ignoringMissing } from './ghl-step.ts';
import { takeSeen, tellGone } from './mirror-news.ts';
import { observeContact } from './mirror-observations.ts';

type CreationDeps = Omit<GhlDeps, 'notifier'>;

/** GHL's search lags writes by one to five seconds. */
const SEARCH_SETTLES_MS = 10_000;
/** Where the search does not find a phone: so many of the newest that were made here are looked through. */
const NEWEST = 100;

/**
 * Finds or makes in GHL a contact that was made here, once: it is looked for by e-mail and phone before each try, so that
 * one whose answer was lost is found; and not tried again before the search can know of the last try. What is still to be
 * written then follows in the contact's own workflow.
 * @throws GhlError; ApplicationFailure CreationUnsettled, with the time after which it can be told
 */
export async function createInGhl(deps: CreationDeps, target: EditTarget): Promise<void> {
  const { contact, address, pending } = target;
  const call = editCall(address);
  const person = identityOf(contact, pending);
  const triedAt = contact.creation_tried_at;
  const choice = await lookFor(deps, call, contact, person, triedAt !== null);
  switch (choice.choice) {
    case 'ask':
      return hold(deps, contact, pending, choice);
    case 'adopt':
      return adopt(deps, call, target, choice.contactId);
    case 'create':
      waitForSearch(triedAt, deps.now());
      return create(deps, call, target, person);
  }
}

function waitForSearch(triedAt: Date | null, now: Date): void {
  const leftMs = triedAt === null ? 0 : triedAt.getTime() + SEARCH_SETTLES_MS - now.getTime();
  if (leftMs > 0) throw unsettled('the contact may have been made by a call whose answer is not known', leftMs);
}

const unsettled = (message: string, nextRetryDelay: number): ApplicationFailure =>
  ApplicationFailure.create({
    type: 'CreationUnsettled',
    message,
    category: ApplicationFailureCategory.BENIGN,
    nextRetryDelay,
  });

/** Whether GHL may have made the contact, though it said no or nothing: it has been seen to answer 422 and to make it. */
const mayHaveMade = (error: unknown): boolean =>
  !(error instanceof GhlError) ||
  error instanceof GhlInvalidError ||
  (error instanceof GhlUnavailableError && error.ambiguous);

async function create(
  deps: CreationDeps,
  call: LocationCall,
  target: EditTarget,
  person: ContactIdentity,
): Promise<void> {
  const { contact, pending } = target;
  const { plain, custom, blocks } = planWrites(pending);
  const given = Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== null));
  const customFields = custom.filter(({ value }) => value !== null).map(toWritten);
  const askedAt = deps.now();
  const noteTried = (at: Date | null): Promise<void> =>
    withScope(deps.db, { agencyId: contact.agency_id }, (tx) => noteCreationTried(tx, contact.id, at));
  // Before the call: a process that dies in it leaves nothing else behind.
  await noteTried(askedAt);
  try {
    const dndSettings = Object.keys(blocks).length > 0 ? { dndSettings: blocks } : {};
    const body = {
      ...given,
      ...dndSettings,
      ...(customFields.length > 0 && { customFields }),
      source: OWN_CONTACT_SOURCE,
    };
    const made = await createContact(deps.ghl, call, body);
    await link(deps, target, observeContact(made, askedAt));
  } catch (error) {
    await noteTried(mayHaveMade(error) ? deps.now() : null);
    if (error instanceof GhlDuplicateContactError) {
      // Somebody came first, or the location finds duplicates by more than it tells.
      const contactIds = [error.contactId];
      const seen = await readFound(deps, call, contact, error.contactId);
      if (!seen) throw unsettled('the contact that was in the way is gone', SEARCH_SETTLES_MS);
      const isSame = (field: 'email' | 'phone'): boolean =>
        person[field] !== null && isSameValue(field, person[field], seen[field]);
      const [byEmail, byPhone] = [isSame('email') ? seen : undefined, isSame('phone') ? seen : undefined];
      const choice = chooseCreation(person, byEmail, byPhone);
      if (choice.choice === 'adopt') return link(deps, target, observeContact(seen, askedAt));
      return hold(deps, contact, pending, { choice: 'ask', contactIds, reason: 'two-contacts' });
    }
    if (!(error instanceof GhlInvalidError)) throw error;
    const found = await lookFor(deps, call, contact, person, true);
    if (found.choice === 'adopt') return adopt(deps, call, target, found.contactId);
    await withScope(deps.db, { agencyId: contact.agency_id }, async (tx) => {
      const failed = pending.map(({ id }): Settlement => ({ editId: id, state: 'failed', reason: error.code }));
      await settleEdits(tx, failed, deps.now());
      await addEditLetter(tx, contact, error.code);
    });
  }
}

function identityOf(contact: Contact, edits: readonly ContactEdit[]): ContactIdentity {
  const fields = overlay(contact.fields, edits, false);
  const text = (name: keyof ContactIdentity): string | null => {
    const value = valueOf(fields, name);
    return typeof value === 'string' ? value : null;
  };
  return { firstName: text('firstName'), lastName: text('lastName'), email: text('email'), phone: text('phone') };
}

/**
 * Who has the e-mail and who the phone: GHL says so by the location's rules for duplicates, which may leave one of them
 * out; the mirror knows the rest. After a try that may have been carried out, the search is asked as well.
 */
async function lookFor(
  deps: CreationDeps,
  call: LocationCall,
  contact: Contact,
  person: ContactIdentity,
  mayBeThere: boolean,
): Promise<CreationChoice> {
  const { email, phone } = person;
  let byEmail: MatchedContact | undefined =
    email === null ? undefined : await findDuplicateContact(deps.ghl, call, { email });
  let byPhone: MatchedContact | undefined =
    phone === null ? undefined : await findDuplicateContact(deps.ghl, call, { phone });
  const mirrored = await withScope(deps.db, { agencyId: contact.agency_id }, (tx) =>
    listContactsWith(tx, contact.location_id, { email, phone }),
  );
  const inMirror = (field: 'email' | 'phone'): MatchedContact | undefined => {
    const found = mirrored.find(
      (each) => each.ghl_id !== null && each[field] !== null && each[field] === person[field],
    );
    return found?.ghl_id ? { ...identityOf(found, []), id: found.ghl_id } : undefined;
  };
  byEmail ??= await confirm(inMirror('email'), 'email');
  byPhone ??= await confirm(inMirror('phone'), 'phone');
  if (mayBeThere && !byEmail && !byPhone) {
    byEmail = await searchFor('email');
    byPhone = byEmail ? undefined : await searchFor('phone');
  }
  return chooseCreation(person, byEmail, byPhone);

  /** What the mirror knows may be over. */
  async function confirm(
    known: MatchedContact | undefined,
    field: 'email' | 'phone',
  ): Promise<MatchedContact | undefined> {
    if (!known) return undefined;
    if (known.id === byEmail?.id || known.id === byPhone?.id) return known;
    const seen = await readFound(deps, call, contact, known.id);
    return seen && isSameValue(field, seen[field], person[field]) ? seen : undefined;
  }

  /** By a filter, and among the newest that were made here: a filter on the phone was reported to find nothing. */
  async function searchFor(field: 'email' | 'phone'): Promise<MatchedContact | undefined> {
    const value = person[field];
    if (value === null) return undefined;
    const filter = { field, operator: 'eq' as const, value };
    const own = { field: 'source', operator: 'eq' as const, value: OWN_CONTACT_SOURCE };
    const newest = [{ field: 'dateAdded' as const, direction: 'desc' as const }];
    for (const search of [
      { pageLimit: 5, filters: [filter] },
      { pageLimit: NEWEST, filters: [own], sort: newest },
    ]) {
      const { items } = await searchContacts(deps.ghl, call, search);
      const found = items.find((each) => isSameValue(field, each[field], value));
      if (found) return readFound(deps, call, contact, found.id);
    }
    return undefined;
  }
}

/** A contact that was found. One that is gone all the same is so in the mirror as well, and leads hear of it. */
async function readFound(
  deps: CreationDeps,
  call: LocationCall,
  of: Contact,
  ghlId: string,
): Promise<GhlContact | undefined> {
  const askedAt = deps.now();
  let seen: GhlContact | undefined;
  await ignoringMissing(async () => {
    seen = await getContact(deps.ghl, call, ghlId);
  });
  if (seen) return seen;
  const place = placeOf(of);
  await withScope(deps.db, { agencyId: place.agencyId }, async (tx) =>
    tellGone(tx, deps, place, await markGone(tx, place, [ghlId], askedAt), askedAt),
  );
  return undefined;
}

async function adopt(deps: CreationDeps, call: LocationCall, target: EditTarget, ghlId: string): Promise<void> {
  const askedAt = deps.now();
  const seen = await readFound(deps, call, target.contact, ghlId);
  if (!seen) throw unsettled('the contact that was found is gone', SEARCH_SETTLES_MS);
  return link(deps, target, observeContact(seen, askedAt));
}

const placeOf = ({ agency_id: agencyId, location_id: locationId }: Contact): MirrorPlace => ({
  agencyId,
  locationId,
  resource: 'contact',
});

/** Notes whom an operator has to choose among. */
async function hold(
  deps: CreationDeps,
  contact: Contact,
  pending: readonly ContactEdit[],
  { contactIds, reason }: Extract<CreationChoice, { choice: 'ask' }>,
): Promise<void> {
  const theirs: FieldValue = contactIds;
  const held = pending.map(({ id }): Settlement => ({ editId: id, state: 'held', reason, theirs }));
  await withScope(deps.db, { agencyId: contact.agency_id }, async (tx) => {
    await lockContact(tx, contact.id);
    await settleEdits(tx, held, deps.now());
  });
}

/** Our contact is this one of GHL from now on; what still differs is decided where it is written. */
async function link(deps: CreationDeps, { contact, pending }: EditTarget, seen: Observation): Promise<void> {
  const place = placeOf(contact);
  const now = deps.now();
  await retryingCollision(() =>
    withScope(deps.db, { agencyId: place.agencyId }, async (tx: Transaction<Database>) => {
      const local = await lockContact(tx, contact.id);
      if (!local || local.ghl_id !== null) return;
      const linked = await linkContact(tx, local, seen.ghlId);
      // What the mirror had not yet, and is ours, was made here: its tags follow by their own call.
      const isMadeHere =
        linked.id === local.id && local.creation_tried_at !== null && isOwnSource(seen.fields['source']);
      await takeSeen(tx, deps, place, [seen], { foundBy: 'edit', ...(isMadeHere && { tells: 'creation' as const }) });
      if (linked.id !== local.id) await moveEdits(tx, local.id, linked.id, now);
      await addWork(tx, [contactEditedWork(linked, pending.at(-1)?.id ?? contact.id, now)]);
    }),
  );
}

/** The event of the very contact may bring it into the mirror at the same moment: then it is there at the second look. */
async function retryingCollision(step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === '23505')) throw error;
    await step();
  }
}
