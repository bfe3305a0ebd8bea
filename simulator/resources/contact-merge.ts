import { plainRefusal } from '../http/reply.ts';
import type { Simulation } from '../simulation.ts';
import type { Contact } from '../world/records.ts';
import { absorbContact } from './contact-writes.ts';

const fillable = [
  'firstName',
  'lastName',
  'email',
  'phone',
  'companyName',
  'address1',
  'city',
  'state',
  'postalCode',
  'country',
  'website',
  'timezone',
  'source',
  'dateOfBirth',
  'assignedTo',
] as const;

/**
 * A person merges two contacts: the survivor keeps its id and its own fields, gets what it lacks from the loser and all that
 * hangs on it, and the loser is gone. GHL documents neither the rules nor the events: ContactDelete of the loser, then
 * ContactUpdate of the survivor, is a guess. Raises 400 for one contact twice and for two of different locations.
 */
export function mergeContacts(sim: Simulation, survivor: Contact, loser: Contact): Contact {
  if (survivor.id === loser.id || survivor.locationId !== loser.locationId) {
    throw plainRefusal(400, 'two different contacts of one location can be merged');
  }
  moveRecords(sim, survivor, loser);
  moveThread(sim, survivor, loser);
  return absorbContact(sim, survivor, combine(survivor, loser), loser);
}

function combine(survivor: Contact, loser: Contact): Contact {
  const merged: Contact = { ...survivor };
  for (const field of fillable) merged[field] = survivor[field] ?? loser[field];
  const held = new Set(survivor.customFields.map(({ id }) => id));
  const others = (field: 'email' | 'phone', kept: string[] | undefined, more: string[] | undefined): string[] => {
    const second = survivor[field] && loser[field] && loser[field] !== survivor[field] ? [loser[field]] : [];
    return [...new Set([...(kept ?? []), ...second, ...(more ?? [])])];
  };
  return {
    ...merged,
    tags: [...new Set([...survivor.tags, ...loser.tags])],
    customFields: [...survivor.customFields, ...loser.customFields.filter(({ id }) => !held.has(id))],
    additionalEmails: others('email', survivor.additionalEmails, loser.additionalEmails),
    additionalPhones: others('phone', survivor.additionalPhones, loser.additionalPhones),
    // Whoever wanted no messages wants none still.
    dnd: survivor.dnd || loser.dnd,
    dndSettings: { ...loser.dndSettings, ...withoutOpen(survivor.dndSettings, loser.dndSettings) },
  };
}

function withoutOpen(own: Contact['dndSettings'], other: Contact['dndSettings']): Contact['dndSettings'] {
  const blockedElsewhere = new Set(
    Object.entries(other).flatMap(([channel, { status }]) => (status === 'inactive' ? [] : [channel])),
  );
  return Object.fromEntries(
    Object.entries(own).filter(
      ([channel, { status }]) => status === 'permanent' || !(status === 'inactive' && blockedElsewhere.has(channel)),
    ),
  );
}

function moveRecords({ world, clock }: Simulation, { id: contactId }: Contact, loser: Contact): void {
  for (const [id, note] of world.notes) if (note.contactId === loser.id) world.notes.set(id, { ...note, contactId });
  for (const [id, task] of world.tasks) if (task.contactId === loser.id) world.tasks.set(id, { ...task, contactId });
  const updatedAt = clock.now().toISOString();
  for (const [id, opportunity] of world.opportunities) {
    if (opportunity.contactId === loser.id) world.opportunities.set(id, { ...opportunity, contactId, updatedAt });
  }
  for (const one of world.appointments.listBy('contactId', loser.id)) {
    world.appointments.set(one.id, { ...one, contactId, dateUpdated: updatedAt });
  }
  for (const one of world.enrolments.listBy('contactId', loser.id)) {
    world.enrolments.delete(one.id);
    const id = `${contactId}/${one.workflowId}`;
    world.enrolments.set(id, { ...one, id, contactId });
  }
  for (const one of world.transactions.listBy('contactId', loser.id))
    world.transactions.set(one.id, { ...one, contactId });
  for (const one of world.orders.listBy('contactId', loser.id)) world.orders.set(one.id, { ...one, contactId });
  for (const one of world.subscriptions.listBy('contactId', loser.id))
    world.subscriptions.set(one.id, { ...one, contactId });
  for (const one of world.invoices.listBy('contactId', loser.id)) world.invoices.set(one.id, { ...one, contactId });
}

/** The messages come into the survivor's conversation; where it has none, the loser's becomes its own. */
function moveThread(sim: Simulation, { id: contactId }: Contact, loser: Contact): void {
  const { conversations, messages } = sim.world;
  const [theirs] = conversations.listBy('contactId', loser.id);
  if (!theirs) return;
  const [own] = conversations.listBy('contactId', contactId);
  const conversationId = own?.id ?? theirs.id;
  const moved = messages.listBy('contactId', loser.id).map((message) => ({ ...message, contactId, conversationId }));
  for (const message of moved) messages.set(message.id, message);
  conversations.delete(theirs.id);
  if (own) sim.changes.noteRemoved('conversation', [theirs.id], sim.clock.now());
  const newest = own && (own.lastMessageDate ?? '') >= (theirs.lastMessageDate ?? '') ? own : theirs;
  conversations.set(conversationId, {
    ...newest,
    id: conversationId,
    contactId,
    unreadCount: theirs.unreadCount + (own?.unreadCount ?? 0),
  });
}
