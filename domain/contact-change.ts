import type { MirroredResource } from './mirror.ts';

/** A record that an event names and that has to be read: of a contact, or of one that the event does not name. */
export interface ContactChange {
  resource: Extract<MirroredResource, 'contact' | 'opportunity' | 'message' | 'appointment' | 'note' | 'task'>;
  ghlId: string;
  /** Whose it is, where the event tells it; notes and tasks are read through their contact. */
  ghlContactId?: string;
  /** Of a message, where the event tells it: several of one conversation are read at once. */
  conversationId?: string;
  /** For the inbox alone: the event tells that it was made, and nothing else. */
  isCreation?: true;
  /** For the inbox alone: a digest of all that the mirror keeps of it, where the event tells all of that. */
  digest?: string;
}

/** Whose workflow a change goes to: the contact's, or that of the record itself where the event does not tell the contact. */
export const contactKeyOf = ({ resource, ghlId, ghlContactId }: ContactChange): string =>
  ghlContactId ?? `${resource}:${ghlId}`;

/** Whether a signal is one: whoever can reach Temporal can send anything, and a workflow must live through it. */
export const isContactChange = (change: unknown): change is ContactChange =>
  typeof change === 'object' &&
  change !== null &&
  typeof (change as ContactChange).resource === 'string' &&
  typeof (change as ContactChange).ghlId === 'string';

/** Each record once, in the order in which it was named last: who reads it then sees all that was told. */
export function gatherChanges(changes: readonly ContactChange[]): ContactChange[] {
  const byRecord = new Map<string, ContactChange>();
  for (const change of changes) {
    const record = `${change.resource}/${change.ghlId}`;
    byRecord.delete(record);
    byRecord.set(record, change);
  }
  return [...byRecord.values()];
}
