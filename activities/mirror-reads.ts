import type { MirroredResource, Observation } from '../domain/mirror.ts';
import { getAppointment } from '../ghl/calendars.ts';
import type { GhlCalls, LocationCall } from '../ghl/calls.ts';
import { getContact, getNote, getTask } from '../ghl/contacts.ts';
import { getConversation } from '../ghl/conversations.ts';
import { GhlNotFoundError } from '../ghl/errors.ts';
import type { GhlEmail, GhlMessage } from '../ghl/message-schema.ts';
import { getEmail, getMessage } from '../ghl/messages.ts';
import { getOpportunity } from '../ghl/opportunities.ts';
import {
  observeAppointment,
  observeContact,
  observeConversation,
  observeMessage,
  observeNote,
  observeOpportunity,
  observeTask,
} from './mirror-observations.ts';

/** One record of a kind that can be read by its id. Notes and tasks are read through their contact. */
export type RecordRef =
  | {
      resource: Extract<MirroredResource, 'contact' | 'conversation' | 'opportunity' | 'message' | 'appointment'>;
      ghlId: string;
    }
  | { resource: Extract<MirroredResource, 'note' | 'task'>; ghlId: string; ghlContactId: string };

/**
 * Reads one record from GHL.
 * @returns undefined when GHL says that there is none: the only thing that tells that a record was deleted
 * @throws GhlError
 */
export async function readRecord(
  ghl: GhlCalls,
  call: LocationCall,
  record: RecordRef,
  now: () => Date,
): Promise<Observation | undefined> {
  // A change that comes while GHL answers must count as later than this sight.
  const askedAt = now();
  try {
    switch (record.resource) {
      case 'contact':
        return observeContact(await getContact(ghl, call, record.ghlId), askedAt);
      case 'conversation':
        return observeConversation(await getConversation(ghl, call, record.ghlId), askedAt);
      case 'opportunity':
        return observeOpportunity(await getOpportunity(ghl, call, record.ghlId), askedAt);
      case 'appointment':
        return observeAppointment(await getAppointment(ghl, call, record.ghlId), askedAt);
      case 'message':
        return await completeMessage(ghl, call, await getMessage(ghl, call, record.ghlId), askedAt);
      case 'note':
        return observeNote(await getNote(ghl, call, record.ghlContactId, record.ghlId), record.ghlContactId, askedAt);
      case 'task':
        return observeTask(await getTask(ghl, call, record.ghlContactId, record.ghlId), record.ghlContactId, askedAt);
    }
  } catch (error) {
    // Another 404 says that the path or the token is wrong, and nothing of the record.
    if (error instanceof GhlNotFoundError && error.reason === 'not-found') return undefined;
    throw error;
  }
}

/** A message as a list shows it, with what lists leave out: the body of an e-mail has to be read by itself. */
export async function completeMessage(
  ghl: GhlCalls,
  call: LocationCall,
  message: GhlMessage,
  askedAt: Date,
): Promise<Observation | undefined> {
  const [emailId] = message.meta?.email?.messageIds ?? [];
  const email = emailId === undefined ? undefined : await findEmail(ghl, call, emailId);
  return observeMessage(message, askedAt, email);
}

/** The body of an e-mail can be gone while the message is there: that the one is missing says nothing of the other. */
async function findEmail(ghl: GhlCalls, call: LocationCall, emailId: string): Promise<GhlEmail | undefined> {
  try {
    return await getEmail(ghl, call, emailId);
  } catch (error) {
    if (error instanceof GhlNotFoundError && error.reason === 'not-found') return undefined;
    throw error;
  }
}
