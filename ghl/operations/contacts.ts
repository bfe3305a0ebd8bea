import { z } from 'zod';
import * as contact from '../contact-schema.ts';
import { looseFlag, looseTexts } from '../loose-fields.ts';
import { create, inGroup, read, remove, search, update } from './endpoint-groups.ts';

const contacts = inGroup('contacts');
const contactResponse = z.object({ contact: contact.contactSchema });
const tagsBody = z.object({ tags: z.array(z.string().min(1)).min(1) });

/** Calls about one contact, with its tags, notes and tasks. */
export const contactOperations = {
  upsertContact: {
    ...contacts,
    ...create,
    path: '/contacts/upsert',
    body: contact.contactUpsertBodySchema,
    response: contactResponse.extend({ new: looseFlag }),
  },
  createContact: {
    ...contacts,
    ...create,
    path: '/contacts/',
    body: contact.contactUpsertBodySchema,
    response: contactResponse,
  },
  getContact: { ...contacts, ...read, path: '/contacts/:contactId', response: contactResponse },
  updateContact: {
    ...contacts,
    ...update,
    path: '/contacts/:contactId',
    body: contact.contactUpdateBodySchema,
    response: contactResponse,
  },
  deleteContact: {
    ...contacts,
    ...remove,
    path: '/contacts/:contactId',
    response: z.object({ succeded: looseFlag }),
  },
  findDuplicateContact: {
    ...contacts,
    ...read,
    path: '/contacts/search/duplicate',
    response: z.object({ contact: contact.contactSchema.nullish() }),
  },
  addContactTags: {
    ...contacts,
    ...create,
    path: '/contacts/:contactId/tags',
    body: tagsBody,
    response: z.object({ tags: looseTexts }),
  },
  removeContactTags: {
    ...contacts,
    ...remove,
    path: '/contacts/:contactId/tags',
    body: tagsBody,
    response: z.object({ tags: looseTexts }),
  },
  createNote: {
    ...contacts,
    ...create,
    path: '/contacts/:contactId/notes',
    body: contact.noteBodySchema,
    response: z.object({ note: contact.noteSchema }),
  },
  listNotes: {
    ...contacts,
    ...read,
    path: '/contacts/:contactId/notes',
    response: z.object({ notes: z.array(contact.noteSchema) }),
  },
  getNote: {
    ...contacts,
    ...read,
    path: '/contacts/:contactId/notes/:noteId',
    response: z.object({ note: contact.noteSchema }),
  },
  createTask: {
    ...contacts,
    ...create,
    path: '/contacts/:contactId/tasks',
    body: contact.taskBodySchema,
    response: z.object({ task: contact.taskSchema }),
  },
  listTasks: {
    ...contacts,
    ...read,
    path: '/contacts/:contactId/tasks',
    response: z.object({ tasks: z.array(contact.taskSchema) }),
  },
  searchTasks: {
    ...contacts,
    ...search,
    path: '/locations/:ghlLocationId/tasks/search',
    body: z.object({ limit: z.number().int(), skip: z.number().int() }),
    response: z.object({ tasks: z.array(contact.foundTaskSchema) }),
  },
  getTask: {
    ...contacts,
    ...read,
    path: '/contacts/:contactId/tasks/:taskId',
    response: z.object({ task: contact.taskSchema }),
  },
  setTaskCompleted: {
    ...contacts,
    ...update,
    path: '/contacts/:contactId/tasks/:taskId/completed',
    body: z.object({ completed: z.boolean() }),
    response: z.object({ task: contact.taskSchema }),
  },
} as const;
