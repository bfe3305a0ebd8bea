import type { Transaction } from 'kysely';
import { type ContactEdit } from '../db/contact-edits.ts';
import { moveEdits, settleEdits, type Settlement } from '../db/edit-outcomes.ts';
import { contactEditedWork } from '../db/contact-work.ts';
import { type Contact, linkContact, listContactsWith, lockContact } from '../db/contacts.ts';
import { addWork } from '../db/event-capabilities.ts';
import { type MirrorPlace, writeObservations } from '../db/mirror.ts';
import type { Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import { chooseCreation, type CreationChoice } from '../domain/contact-creation.ts';
import { overlay, planWrites } from '../domain/contact-edit.ts';
import { isSameValue, valueOf } from '../domain/contact-fields.ts';
import type { ContactIdentity, MatchedContact } from '../domain/contact-match.ts';
import { OWN_CONTACT_SOURCE } from '../domain/own-writes.ts';
import type { FieldValue, Observation } from '../domain/mirror.ts';
import type { LocationCall } from '../ghl/calls.ts';
import { createContact, findDuplicateContact, getContact } from '../ghl/contacts.ts';
import type { GhlContact } from '../ghl/contact-schema.ts';
import { searchContacts } from '../ghl/contact-search.ts';
import { GhlDuplicateContactError, GhlInvalidError } from '../ghl/errors.ts';
import { addEditLetter, toWritten } from './contact-push.ts';
import { type EditTarget, editCall } from './contact-target.ts';
import type { GhlDeps } from './dependencies.ts';
import { observeContact } from './mirror-observations.ts';

type CreationDeps = Omit<GhlDeps, 'notifier'>;

/**
 * Finds or makes in GHL a contact that was made here, once: it is looked for by e-mail and phone before each try, so that
 * one whose answer was lost is found. What is still to be written then follows in the contact's own workflow.
 * @throws GhlError
 */
export async function createInGhl(deps: CreationDeps, target: EditTarget): Promise<void> {
  const { contact, address, pending } = target;
  const call = editCall(address);
  const person = identityOf(contact, pending);
  const isRepeat = pending.some((edit) => edit.attempts > 0);
  const choice = await lookFor(deps, call, contact, person, isRepeat);
  switch (choice.choice) {
    case 'ask':
      return hold(deps, contact, pending, choice);
    case 'adopt':
      return link(deps, target, await read(deps, call, choice.contactId));
    case 'create':
      return create(deps, call, target, person);
  }
}

async function create(
  deps: CreationDeps,
  call: LocationCall,
  target: EditTarget,
  person: ContactIdentity,
): Promise<void> {
  const { contact, pending } = target;
  const { plain, custom } = planWrites(pending);
  const given = Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== null));
  const customFields = custom.filter(({ value }) => value !== null).map(toWritten);
  const askedAt = deps.now();
  try {
    const body = { ...given, ...(customFields.length > 0 && { customFields }), source: OWN_CONTACT_SOURCE };
    const made = await createContact(deps.ghl, call, body);
    await link(deps, target, observeContact(made, askedAt));
  } catch (error) {
    if (error instanceof GhlDuplicateContactError) {
      // Somebody came first, or the location finds duplicates by more than it tells.
      const contactIds = [error.contactId];
      const seen = await getContact(deps.ghl, call, error.contactId);
      const isSame = (field: 'email' | 'phone'): boolean =>
        person[field] !== null && isSameValue(field, person[field], seen[field]);
      const [byEmail, byPhone] = [isSame('email') ? seen : undefined, isSame('phone') ? seen : undefined];
      const choice = chooseCreation(person, byEmail, byPhone);
      if (choice.choice === 'adopt') return link(deps, target, observeContact(seen, askedAt));
      return hold(deps, contact, pending, { choice: 'ask', contactIds, reason: 'two-contacts' });
    }
    if (!(error instanceof GhlInvalidError)) throw error;
    // GHL has been seen to answer 422 and to create the contact all the same.
    const found = await lookFor(deps, call, contact, person, true);
    if (found.choice === 'adopt') return link(deps, target, await read(deps, call, found.contactId));
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
  isRepeat: boolean,
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
  if (isRepeat && !byEmail && !byPhone && email !== null) byEmail = await searchFor(email);
  return chooseCreation(person, byEmail, byPhone);

  /** What the mirror knows may be over. */
  async function confirm(
    known: MatchedContact | undefined,
    field: 'email' | 'phone',
  ): Promise<MatchedContact | undefined> {
    if (!known) return undefined;
    if (known.id === byEmail?.id || known.id === byPhone?.id) return known;
    const seen = await getContact(deps.ghl, call, known.id).catch(ignoreMissing);
    return seen && isSameValue(field, seen[field], person[field]) ? seen : undefined;
  }

  async function searchFor(wanted: string): Promise<MatchedContact | undefined> {
    const filters = [{ field: 'email', operator: 'eq' as const, value: wanted }];
    const page = await searchContacts(deps.ghl, call, { pageLimit: 5, filters });
    const found = page.items.find((each) => isSameValue('email', each.email, wanted));
    return found && getContact(deps.ghl, call, found.id).catch(ignoreMissing);
  }
}

function ignoreMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'GhlNotFound') return undefined;
  throw error;
}

async function read(deps: CreationDeps, call: LocationCall, ghlId: string): Promise<Observation> {
  const askedAt = deps.now();
  const seen: GhlContact = await getContact(deps.ghl, call, ghlId);
  return observeContact(seen, askedAt);
}

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
  const { agency_id: agencyId, location_id: locationId } = contact;
  const place: MirrorPlace = { agencyId, locationId, resource: 'contact' };
  const now = deps.now();
  await retryingCollision(() =>
    withScope(deps.db, { agencyId }, async (tx: Transaction<Database>) => {
      const local = await lockContact(tx, contact.id);
      if (!local || local.ghl_id !== null) return;
      const linked = await linkContact(tx, local, seen.ghlId);
      await writeObservations(tx, place, [seen], 'edit');
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
