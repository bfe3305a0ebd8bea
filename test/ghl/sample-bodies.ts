import type { z } from 'zod';
import type { operations } from '../../ghl/operations.ts';

type Operations = typeof operations;
type WithBody = {
  [Name in keyof Operations]: Operations[Name] extends { body: z.ZodType } ? Name : never;
}[keyof Operations];
type Bodies = {
  [Name in WithBody]: Operations[Name] extends { body: infer Body extends z.ZodType } ? z.input<Body> : never;
};

const contact = {
  firstName: 'Ann',
  dndSettings: { SMS: { status: 'active' as const } },
  customFields: [{ id: 'f', value: 'v' }],
};
const opportunity = { locationId: 'loc1', pipelineId: 'p', contactId: 'c', name: 'n' };
const user = { firstName: 'Ann', lastName: 'E', email: 'ann@example.com', permissions: { tagsEnabled: true } };
const location = {
  companyId: 'company1',
  prospectInfo: { firstName: 'Ann', lastName: 'E', email: 'ann@example.com' },
  settings: { allowDuplicateContact: true },
  twilio: { sid: 's', authToken: 't' },
  mailgun: { apiKey: 'k', domain: 'd' },
};
const condition = { field: 'dateAdded', operator: 'range', value: { gte: 1 } } as const;

/** A body that is sent with each call, nested objects among it; a new call without one does not compile. */
export const sampleBodies: Bodies = {
  requestToken: { grant_type: 'refresh_token', refresh_token: 'r', client_id: 'i', client_secret: 's' },
  mintLocationToken: { companyId: 'company1', locationId: 'loc1' },
  uninstallApp: { locationId: 'loc1', reason: 'moved' },
  upsertContact: { ...contact, locationId: 'loc1' },
  createContact: { ...contact, locationId: 'loc1' },
  updateContact: contact,
  addContactTags: { tags: ['hot'] },
  removeContactTags: { tags: ['hot'] },
  createNote: { body: 'b' },
  createTask: { title: 't', dueDate: new Date(0) },
  setTaskCompleted: { completed: true },
  searchTasks: { limit: 100, skip: 0 },
  searchContacts: {
    locationId: 'loc1',
    pageLimit: 10,
    searchAfter: [1, 'c'],
    filters: [{ group: 'AND', filters: [condition] }],
    sort: [{ field: 'dateAdded', direction: 'asc' }],
  },
  updateTagsOfContacts: { contacts: ['c'], tags: ['hot'], locationId: 'loc1' },
  createOpportunity: opportunity,
  upsertOpportunity: opportunity,
  searchOpportunitiesSorted: {
    locationId: 'loc1',
    limit: 10,
    sort: [{ field: 'date_updated', direction: 'desc' }],
    searchAfter: [1, 'o'],
  },
  updateOpportunity: { name: 'n' },
  updateOpportunityStatus: { status: 'won' },
  findUsersByEmail: { companyId: 'company1', emails: ['ann@example.com'], projection: 'all', limit: 1 },
  createUser: { ...user, companyId: 'company1', password: 'p', type: 'account', role: 'user', locationIds: ['loc1'] },
  updateUser: { ...user, companyId: 'company1' },
  createLocation: { ...location, name: 'Boston' },
  updateLocation: { ...location, snapshot: { id: 's', override: false } },
  createCustomField: { name: 'n', dataType: 'TEXT', model: 'contact' },
  updateCustomField: { name: 'n' },
  createCustomValue: { name: 'n', value: 'v' },
  updateCustomValue: { name: 'n', value: 'v' },
  createLocationTag: { name: 'hot' },
  createConversation: { locationId: 'loc1', contactId: 'c' },
  sendMessage: { type: 'SMS', contactId: 'c', message: 'm' },
  setMessageStatus: { status: 'failed', error: { code: '1', type: 't', message: 'm' } },
  enableSaas: { companyId: 'company1', isSaaSV2: true },
  setSaasPaused: { companyId: 'company1', paused: true },
  setRebilling: { product: 'Phone', locationIds: ['loc1'], config: { optIn: true, enabled: true, markup: 1 } },
};
