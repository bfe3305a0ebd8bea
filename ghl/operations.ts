import { z } from 'zod';
import * as contact from './contact-schema.ts';
import { looseFlag, looseNumber, looseTexts } from './loose-fields.ts';
import { installedLocationSchema, locationSchema } from './location-schema.ts';
import * as oauth from './oauth-schema.ts';
import * as opportunity from './opportunity-schema.ts';
import { userSchema } from './user-schema.ts';

/** Each group has a breaker of its own, so that one slow part of GHL does not stop the rest. */
export type EndpointGroup = 'contacts' | 'opportunities' | 'users' | 'locations' | 'oauth';

export interface GhlOperation {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: `/${string}`;
  /** Pinned for each group of endpoints: the newer `v3` renames paths and fields. */
  version: string;
  group: EndpointGroup;
  timeoutMs: number;
  /** A write whose answer is lost may have been carried out. */
  effect: 'read' | 'write';
  encoding: 'json' | 'form';
  /** Only the properties named here leave the process; GHL refuses unknown ones with 422. */
  body?: z.ZodType;
  response: z.ZodType;
}

const READ_MS = 5_000;
/** An early cut of a create only makes doubt whether it was carried out. */
const CREATE_MS = 10_000;
/** Two tries of a refresh have to fit into its lease and into GHL's 30 s of grace. */
const REFRESH_MS = 5_000;

const json = { version: '2021-07-28', encoding: 'json' } as const;
const form = { version: '2021-07-28', encoding: 'form' } as const;
const read = { method: 'GET', effect: 'read', timeoutMs: READ_MS } as const;
const create = { method: 'POST', effect: 'write', timeoutMs: CREATE_MS } as const;
const update = { method: 'PUT', effect: 'write', timeoutMs: READ_MS } as const;
const contacts = { ...json, group: 'contacts' } as const;
const opportunities = { ...json, group: 'opportunities' } as const;
const users = { ...json, group: 'users' } as const;
const locations = { ...json, group: 'locations' } as const;
const tagsBody = z.object({ tags: z.array(z.string().min(1)).min(1) });
const opportunityResponse = z.object({ opportunity: opportunity.opportunitySchema });

/** Every call this system makes to GHL. */
export const operations = {
  upsertContact: {
    ...contacts,
    ...create,
    path: '/contacts/upsert',
    body: contact.contactUpsertBodySchema,
    response: z.object({ new: looseFlag, contact: contact.contactSchema }),
  },
  getContact: {
    ...contacts,
    ...read,
    path: '/contacts/:contactId',
    response: z.object({ contact: contact.contactSchema }),
  },
  updateContact: {
    ...contacts,
    ...update,
    path: '/contacts/:contactId',
    body: contact.contactUpdateBodySchema,
    response: z.object({ contact: contact.contactSchema }),
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
    method: 'DELETE',
    effect: 'write',
    timeoutMs: CREATE_MS,
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
  setTaskCompleted: {
    ...contacts,
    ...update,
    path: '/contacts/:contactId/tasks/:taskId/completed',
    body: z.object({ completed: z.boolean() }),
    response: z.object({ task: contact.taskSchema }),
  },
  listPipelines: {
    ...opportunities,
    ...read,
    path: '/opportunities/pipelines',
    response: z.object({ pipelines: z.array(opportunity.pipelineSchema) }),
  },
  createOpportunity: {
    ...opportunities,
    ...create,
    path: '/opportunities/',
    body: opportunity.opportunityUpsertBodySchema,
    response: opportunityResponse,
  },
  upsertOpportunity: {
    ...opportunities,
    ...create,
    path: '/opportunities/upsert',
    body: opportunity.opportunityUpsertBodySchema,
    response: opportunityResponse.extend({ new: looseFlag }),
  },
  searchOpportunities: {
    ...opportunities,
    ...read,
    path: '/opportunities/search',
    response: z.object({ opportunities: z.array(opportunity.opportunitySchema) }),
  },
  getOpportunity: { ...opportunities, ...read, path: '/opportunities/:opportunityId', response: opportunityResponse },
  updateOpportunity: {
    ...opportunities,
    ...update,
    path: '/opportunities/:opportunityId',
    body: opportunity.opportunityUpdateBodySchema,
    response: opportunityResponse,
  },
  updateOpportunityStatus: {
    ...opportunities,
    ...update,
    path: '/opportunities/:opportunityId/status',
    body: opportunity.opportunityStatusBodySchema,
    // Spelled so by GHL, and beside `success` in the newer version.
    response: z.object({ succeded: looseFlag }),
  },
  searchUsers: {
    ...users,
    ...read,
    path: '/users/search',
    response: z.object({ users: z.array(userSchema), count: looseNumber }),
  },
  getUser: { ...users, ...read, path: '/users/:userId', response: userSchema },
  getLocation: {
    ...locations,
    ...read,
    path: '/locations/:ghlLocationId',
    response: z.object({ location: locationSchema }),
  },
  requestToken: {
    ...form,
    group: 'oauth',
    method: 'POST',
    effect: 'write',
    timeoutMs: REFRESH_MS,
    path: '/oauth/token',
    body: oauth.tokenBodySchema,
    response: oauth.tokenResponseSchema,
  },
  mintLocationToken: {
    ...form,
    group: 'oauth',
    method: 'POST',
    // Minting rotates nothing: a lost answer costs a second call and no doubt.
    effect: 'read',
    timeoutMs: READ_MS,
    path: '/oauth/locationToken',
    body: oauth.locationTokenBodySchema,
    response: oauth.locationTokenResponseSchema,
  },
  listInstalledLocations: {
    ...form,
    ...read,
    group: 'oauth',
    path: '/oauth/installedLocations',
    response: z.object({ locations: z.array(installedLocationSchema), count: looseNumber }),
  },
} as const satisfies Record<string, GhlOperation>;

export type OperationName = keyof typeof operations;
export type OperationResult<Name extends OperationName> = z.output<(typeof operations)[Name]['response']>;
