import type { GhlCalls, LocationCall } from './calls.ts';
import { type Page, pageByOffset } from './page.ts';
import type {
  ContactUpdateFields,
  ContactUpsertFields,
  GhlContact,
  GhlNote,
  GhlTask,
  NoteFields,
  TaskFields,
} from './contact-schema.ts';

export interface ContactUpsert {
  contact: GhlContact;
  isNew: boolean;
  /** Identifiers that GHL dropped without a word, because they belong to another contact of the location. */
  droppedIdentifiers: ('email' | 'phone')[];
}

/**
 * Creates or updates a contact, matched by the location's own rules for duplicates. When e-mail and phone belong to
 * two contacts, GHL updates the one of the first priority and drops the other identifier; when the phone alone matches,
 * it replaces the contact's main e-mail and forgets the old one. So look with `findDuplicateContact` first, once by
 * each identifier, and update by id when that finds somebody. Tags cannot be given here: use `addContactTags`.
 */
export async function upsertContact(
  ghl: GhlCalls,
  context: LocationCall,
  fields: ContactUpsertFields,
): Promise<ContactUpsert> {
  const body = { ...fields, locationId: context.resource.ghlLocationId };
  const answer = await ghl.call('upsertContact', { ...context, body });
  const droppedIdentifiers: ContactUpsert['droppedIdentifiers'] = [];
  if (fields.email && fields.email.toLowerCase() !== answer.contact.email?.toLowerCase()) {
    droppedIdentifiers.push('email');
  }
  if (fields.phone && digits(fields.phone) !== digits(answer.contact.phone ?? '')) droppedIdentifiers.push('phone');
  return { contact: answer.contact, isNew: answer.new ?? false, droppedIdentifiers };
}

/**
 * Creates a contact that is not there. Not repeatable: after an ambiguous failure look with `findDuplicateContact`, and
 * after a GhlInvalidError `validation` too, for GHL was once seen to answer 422 and create the contact all the same.
 * Tags cannot be given here: use `addContactTags`.
 * @throws GhlDuplicateContactError with the id of who is there, where the location allows no duplicates
 */
export async function createContact(
  ghl: GhlCalls,
  context: LocationCall,
  fields: ContactUpsertFields,
): Promise<GhlContact> {
  const body = { ...fields, locationId: context.resource.ghlLocationId };
  const answer = await ghl.call('createContact', { ...context, body });
  return answer.contact;
}

/** Raises GhlNotFoundError for an unknown contact, which GHL tells by a 400. */
export async function getContact(ghl: GhlCalls, context: LocationCall, contactId: string): Promise<GhlContact> {
  const answer = await ghl.call('getContact', { ...context, path: { contactId } });
  return answer.contact;
}

/** Changes the named fields only. Tags are not among them: in a body they would replace all the contact has. */
export async function updateContact(
  ghl: GhlCalls,
  context: LocationCall,
  contactId: string,
  fields: ContactUpdateFields,
): Promise<GhlContact> {
  const answer = await ghl.call('updateContact', { ...context, path: { contactId }, body: { ...fields } });
  return answer.contact;
}

/**
 * Removes a contact with its notes, tasks, opportunities and thread, for good.
 * @throws GhlNotFoundError when it is gone already, as after an answer that was lost
 */
export async function deleteContact(ghl: GhlCalls, context: LocationCall, contactId: string): Promise<void> {
  await ghl.call('deleteContact', { ...context, path: { contactId } });
}

/** Finds a contact by exactly one identifier: asked for both, GHL does not say which of them matched. */
export async function findDuplicateContact(
  ghl: GhlCalls,
  context: LocationCall,
  identifier: { email: string } | { phone: string },
): Promise<GhlContact | undefined> {
  const query = {
    locationId: context.resource.ghlLocationId,
    ...('email' in identifier ? { email: identifier.email } : { number: identifier.phone }),
  };
  const answer = await ghl.call('findDuplicateContact', { ...context, query });
  return answer.contact ?? undefined;
}

/** Adds tags and leaves the others; repeating it changes nothing. Returns all tags GHL answers with. */
export async function addContactTags(
  ghl: GhlCalls,
  context: LocationCall,
  contactId: string,
  tags: string[],
): Promise<string[]> {
  const answer = await ghl.call('addContactTags', { ...context, path: { contactId }, body: { tags } });
  return answer.tags;
}

export async function removeContactTags(
  ghl: GhlCalls,
  context: LocationCall,
  contactId: string,
  tags: string[],
): Promise<string[]> {
  const answer = await ghl.call('removeContactTags', { ...context, path: { contactId }, body: { tags } });
  return answer.tags;
}

/** Not repeatable: after an ambiguous failure look for the text in `listNotes` first. */
export async function createNote(
  ghl: GhlCalls,
  context: LocationCall,
  contactId: string,
  note: NoteFields,
): Promise<GhlNote> {
  const answer = await ghl.call('createNote', { ...context, path: { contactId }, body: { ...note } });
  return answer.note;
}

export async function listNotes(ghl: GhlCalls, context: LocationCall, contactId: string): Promise<GhlNote[]> {
  const answer = await ghl.call('listNotes', { ...context, path: { contactId } });
  return answer.notes;
}

/** @throws GhlNotFoundError when the contact has no such note */
export async function getNote(
  ghl: GhlCalls,
  context: LocationCall,
  contactId: string,
  noteId: string,
): Promise<GhlNote> {
  return (await ghl.call('getNote', { ...context, path: { contactId, noteId } })).note;
}

/** Not repeatable: after an ambiguous failure look for the title in `listTasks` first. */
export async function createTask(
  ghl: GhlCalls,
  context: LocationCall,
  contactId: string,
  task: TaskFields,
): Promise<GhlTask> {
  const answer = await ghl.call('createTask', { ...context, path: { contactId }, body: { ...task } });
  return answer.task;
}

export async function listTasks(ghl: GhlCalls, context: LocationCall, contactId: string): Promise<GhlTask[]> {
  const answer = await ghl.call('listTasks', { ...context, path: { contactId } });
  return answer.tasks;
}

/** @throws GhlNotFoundError when the contact has no such task */
export async function getTask(
  ghl: GhlCalls,
  context: LocationCall,
  contactId: string,
  taskId: string,
): Promise<GhlTask> {
  return (await ghl.call('getTask', { ...context, path: { contactId, taskId } })).task;
}

/** A page of all tasks of the location, read by offset: it is for looking tasks up whose contact is not known. */
export async function searchTasks(
  ghl: GhlCalls,
  context: LocationCall,
  page: { skip: number; limit: number },
): Promise<Page<{ id: string | null; contactId: string | null }, number>> {
  const path = { ghlLocationId: context.resource.ghlLocationId };
  const { tasks } = await ghl.call('searchTasks', { ...context, path, body: page });
  return pageByOffset(tasks, page.skip, page.limit);
}

/** Completes a task or opens it again; repeating it changes nothing. */
export async function setTaskCompleted(
  ghl: GhlCalls,
  context: LocationCall,
  of: { contactId: string; taskId: string },
  completed: boolean,
): Promise<void> {
  await ghl.call('setTaskCompleted', { ...context, path: of, body: { completed } });
}

function digits(phone: string): string {
  return phone.replace(/\D/g, '');
}
