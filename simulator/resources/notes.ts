import { z } from 'zod';
import { succeededEitherWay } from '../http/api-version.ts';
import { ok, plainRefusal } from '../http/reply.ts';
import type { Call, Route } from '../http/route.ts';
import { validate } from '../http/validate.ts';
import type { Simulation } from '../simulation.ts';
import type { Contact, Note } from '../world/records.ts';
import { getCallContact } from './lookup.ts';

const noteInputSchema = z.strictObject({
  body: z.string().min(1),
  userId: z.string().nullish(),
  title: z.string().nullish(),
  color: z.string().nullish(),
  pinned: z.boolean().nullish(),
});

const noteChangeSchema = noteInputSchema.partial();

const write = { access: 'location', scope: 'contacts.write' } as const;
const read = { access: 'location', scope: 'contacts.readonly' } as const;
const collection = '/contacts/:contactId/notes';
const single = '/contacts/:contactId/notes/:noteId';

export const noteRoutes: Route[] = [
  {
    ...read,
    method: 'get',
    path: collection,
    handle(call) {
      const contact = getCallContact(call);
      const notes = [...call.sim.world.notes.values()].filter((note) => note.contactId === contact.id);
      return ok({ notes });
    },
  },
  {
    ...write,
    method: 'post',
    path: collection,
    handle(call) {
      const input = validate(noteInputSchema, call.body);
      const contact = getCallContact(call);
      return ok({ note: addNote(call.sim, contact, input) }, 201);
    },
  },
  { ...read, method: 'get', path: single, handle: (call) => ok({ note: getNote(call) }) },
  {
    ...write,
    method: 'put',
    path: single,
    handle(call) {
      const { body, ...rest } = validate(noteChangeSchema, call.body);
      const before = getNote(call);
      const note = { ...before, ...rest, body: body ?? before.body };
      call.sim.world.notes.set(note.id, note);
      announce(call.sim, 'NoteUpdate', note);
      return ok({ note });
    },
  },
  {
    ...write,
    method: 'delete',
    path: single,
    handle(call) {
      const note = getNote(call);
      call.sim.world.notes.delete(note.id);
      call.sim.changes.noteRemoved('note', [note.id], call.sim.clock.now());
      announce(call.sim, 'NoteDelete', note);
      return ok(succeededEitherWay(call));
    },
  },
];

/** Writes a note on a contact and announces it. */
export function addNote(sim: Simulation, contact: Contact, input: z.output<typeof noteInputSchema>): Note {
  const { id: contactId, locationId } = contact;
  const note = { ...input, id: sim.random.id(), contactId, locationId, dateAdded: sim.clock.now().toISOString() };
  sim.world.notes.set(note.id, note);
  announce(sim, 'NoteCreate', note);
  return note;
}

function getNote(call: Call): Note {
  const contact = getCallContact(call);
  const note = call.sim.world.notes.get(call.params['noteId'] ?? '');
  if (!note || note.contactId !== contact.id) throw plainRefusal(404, 'Note not found');
  return note;
}

function announce(sim: Simulation, type: string, note: Note): void {
  const companyId = sim.world.locations.get(note.locationId)?.companyId ?? '';
  const fields = { id: note.id, contactId: note.contactId, body: note.body, dateAdded: note.dateAdded };
  sim.emitter.emit({ type, companyId, locationId: note.locationId, fields });
}
