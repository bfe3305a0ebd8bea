import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listCalendarEvents, listCalendars } from '../../ghl/calendars.ts';
import { searchContacts, updateTagsOfContacts } from '../../ghl/contact-search.ts';
import * as contacts from '../../ghl/contacts.ts';
import { createConversation, findConversation, searchConversations } from '../../ghl/conversations.ts';
import * as setup from '../../ghl/location-setup.ts';
import { getLocation } from '../../ghl/locations.ts';
import { exportMessages, sendMessage } from '../../ghl/messages.ts';
import * as opportunities from '../../ghl/opportunities.ts';
import * as payments from '../../ghl/payments.ts';
import { listWorkflows } from '../../ghl/workflows.ts';
import { neighbour, openResourceWorld } from './resource-world.ts';
import type { ResourceWorld } from './resource-world.ts';

let world: ResourceWorld;
beforeAll(async () => {
  world = await openResourceWorld();
  await world.control.seed({ contacts: [{ id: 'theirs', locationId: 'loc2', phone: '+14155550100' }] });
  world.mixUpTokens();
});
afterAll(() => world.close());

const span = { from: new Date(0), to: new Date(1) };
const placement = { pipelineId: 'pipe1', contactId: 'theirs', name: 'Ann', status: 'open' } as const;
/** Each asks about the other location, with the token of the first. */
const calls: Record<string, (ghl: ResourceWorld['ghl']) => Promise<unknown>> = {
  createContact: (ghl) => contacts.createContact(ghl, neighbour, { firstName: 'Ann' }),
  upsertContact: (ghl) => contacts.upsertContact(ghl, neighbour, { firstName: 'Ann' }),
  getContact: (ghl) => contacts.getContact(ghl, neighbour, 'theirs'),
  updateContact: (ghl) => contacts.updateContact(ghl, neighbour, 'theirs', { city: 'Boston' }),
  deleteContact: (ghl) => contacts.deleteContact(ghl, neighbour, 'theirs'),
  findDuplicateContact: (ghl) => contacts.findDuplicateContact(ghl, neighbour, { phone: '+14155550100' }),
  addContactTags: (ghl) => contacts.addContactTags(ghl, neighbour, 'theirs', ['hot']),
  removeContactTags: (ghl) => contacts.removeContactTags(ghl, neighbour, 'theirs', ['hot']),
  createNote: (ghl) => contacts.createNote(ghl, neighbour, 'theirs', { body: 'b' }),
  listNotes: (ghl) => contacts.listNotes(ghl, neighbour, 'theirs'),
  createTask: (ghl) => contacts.createTask(ghl, neighbour, 'theirs', { title: 't', dueDate: new Date(0) }),
  listTasks: (ghl) => contacts.listTasks(ghl, neighbour, 'theirs'),
  searchContacts: (ghl) => searchContacts(ghl, neighbour, { pageLimit: 10 }),
  updateTagsOfContacts: (ghl) => updateTagsOfContacts(ghl, neighbour, 'add', { contactIds: ['theirs'], tags: ['hot'] }),
  searchConversations: (ghl) => searchConversations(ghl, neighbour, { limit: 10 }),
  findConversation: (ghl) => findConversation(ghl, neighbour, 'theirs'),
  createConversation: (ghl) => createConversation(ghl, neighbour, 'theirs'),
  sendMessage: (ghl) => sendMessage(ghl, neighbour, { type: 'SMS', contactId: 'theirs', message: 'Hi' }),
  exportMessages: (ghl) => exportMessages(ghl, neighbour, { limit: 10 }),
  getLocation: (ghl) => getLocation(ghl, neighbour),
  listCustomFields: (ghl) => setup.listCustomFields(ghl, neighbour),
  createCustomField: (ghl) =>
    setup.createCustomField(ghl, neighbour, { name: 'n', dataType: 'TEXT', model: 'contact' }),
  updateCustomField: (ghl) => setup.updateCustomField(ghl, neighbour, 'f', { name: 'n' }),
  listCustomValues: (ghl) => setup.listCustomValues(ghl, neighbour),
  createCustomValue: (ghl) => setup.createCustomValue(ghl, neighbour, { name: 'n', value: 'v' }),
  updateCustomValue: (ghl) => setup.updateCustomValue(ghl, neighbour, 'v', { name: 'n', value: 'v' }),
  listLocationTags: (ghl) => setup.listLocationTags(ghl, neighbour),
  createLocationTag: (ghl) => setup.createLocationTag(ghl, neighbour, 'hot'),
  listPipelines: (ghl) => opportunities.listPipelines(ghl, neighbour),
  createOpportunity: (ghl) => opportunities.createOpportunity(ghl, neighbour, placement),
  upsertOpportunity: (ghl) => opportunities.upsertOpportunity(ghl, neighbour, placement),
  searchOpportunities: (ghl) => opportunities.searchOpportunities(ghl, neighbour, { contactId: 'theirs' }),
  listOpportunities: (ghl) => opportunities.listOpportunities(ghl, neighbour, { limit: 10 }),
  listCalendars: (ghl) => listCalendars(ghl, neighbour),
  listCalendarEvents: (ghl) => listCalendarEvents(ghl, neighbour, { calendarId: 'cal1', ...span }),
  listTransactions: (ghl) => payments.listTransactions(ghl, neighbour, { limit: 10 }),
  listOrders: (ghl) => payments.listOrders(ghl, neighbour, { limit: 10 }),
  listSubscriptions: (ghl) => payments.listSubscriptions(ghl, neighbour, { limit: 10 }),
  listInvoices: (ghl) => payments.listInvoices(ghl, neighbour, { limit: 10 }),
  getInvoice: (ghl) => payments.getInvoice(ghl, neighbour, 'i'),
  listWorkflows: (ghl) => listWorkflows(ghl, neighbour),
};

describe("another location's token", () => {
  it.each(Object.entries(calls))('is no reason to repeat or refresh %s', async (_name, call) => {
    await world.control.resetCalls();
    await expect(call(world.ghl)).rejects.toMatchObject({ code: 'GhlForbidden', reason: 'wrong-tenant', status: 403 });
    expect(await world.countCalls(/./)).toBe(1);
  });

  it('has changed nothing there', async () => {
    expect(await world.control.listContacts('loc2')).toMatchObject([{ id: 'theirs', tags: [] }]);
    expect(await world.control.listRecords('messages')).toEqual([]);
    expect(await world.control.listOpportunities()).toEqual([]);
  });
});
