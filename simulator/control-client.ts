import type { z } from 'zod';
import type {
  behaviourChangeSchema,
  installRequestSchema,
  locationChangeSchema,
  makeChangesSchema,
  mergeSchema,
  newLocationSchema,
  planChangeSchema,
  revokeSchema,
  rotatePrivateTokenSchema,
  sendWebhookSchema,
  startChangesSchema,
  uiContactCreateSchema,
  uiContactUpdateSchema,
  uiOpportunityUpdateSchema,
  uiUserCreateSchema,
  uiUserUpdateSchema,
} from './control/schemas.ts';
import type { ChangeReport } from './changes/ledger.ts';
import type { CallRecord } from './calls.ts';
import type { Stats } from './control/stats.ts';
import type { Fault, FaultInput } from './faults.ts';
import type { LimitUse } from './limits.ts';
import type { WebhookView } from './control/webhooks.ts';
import type { UrlReport } from './webhooks/breaker.ts';
import type { ScenarioProgress } from './scenario/progress.ts';
import type { DeliveryState, LoggedDelivery } from './webhooks/log.ts';
import type { webhookSettingsChangeSchema } from './webhooks/settings.ts';
import { createPersonClient } from './person-client.ts';
import type { AskControl, PersonClient } from './person-client.ts';
import type { CollectionName, collectionSchemas } from './world/collections.ts';
import type { Install } from './world/grants.ts';
import type {
  appSchema,
  companySchema,
  Contact,
  contactSchema,
  Location,
  locationSchema,
  Note,
  noteSchema,
  Opportunity,
  opportunitySchema,
  Pipeline,
  pipelineSchema,
  Task,
  taskSchema,
  User,
  userSchema,
} from './world/records.ts';
import type { seedSchema } from './world/seed.ts';

type Undated<Schema extends z.ZodType> = Omit<
  z.input<Schema>,
  'id' | 'dateAdded' | 'dateUpdated' | 'createdAt' | 'updatedAt'
> & {
  id?: string;
  dateAdded?: string;
  dateUpdated?: string;
  createdAt?: string;
  updatedAt?: string;
};
type CollectionSeeds = { [Name in CollectionName]?: Undated<(typeof collectionSchemas)[Name]>[] };
type SeedRequest = z.input<typeof seedSchema>;

/** What to put into the world; ids and dates of contacts and what hangs on them may be left to the simulator. */
export interface SeedInput extends Pick<SeedRequest, 'tokens' | 'codes' | 'installs' | 'generated'>, CollectionSeeds {
  companies?: z.input<typeof companySchema>[];
  apps?: z.input<typeof appSchema>[];
  locations?: z.input<typeof locationSchema>[];
  users?: z.input<typeof userSchema>[];
  pipelines?: z.input<typeof pipelineSchema>[];
  contacts?: Undated<typeof contactSchema>[];
  notes?: Undated<typeof noteSchema>[];
  tasks?: Undated<typeof taskSchema>[];
  opportunities?: Undated<typeof opportunitySchema>[];
}

/** A contact as the simulator shows it. */
type ShownContact = Contact & { name: string };

/** The control API as functions; each raises a ControlError when the simulator refuses. */
export interface ControlClient extends PersonClient {
  seed(seed: SeedInput): Promise<Stats>;
  setWebhooks(change: z.input<typeof webhookSettingsChangeSchema>): Promise<WebhookView>;
  getWebhooks(): Promise<WebhookView>;
  /** From now on a new key signs, unless the settings say otherwise. */
  rotateWebhookKey(): Promise<WebhookView>;
  listUrls(): Promise<UrlReport[]>;
  /** Enables a paused URL again. */
  enableUrl(url: string): Promise<void>;
  /** The log, the newest first. */
  listDeliveries(filter?: { type?: string; state?: DeliveryState; limit?: number }): Promise<LoggedDelivery[]>;
  replayDelivery(deliveryId: string): Promise<void>;
  sendWebhook(event: z.input<typeof sendWebhookSchema>): Promise<{ webhookId: string; webhookIds: string[] }>;
  addFault(fault: FaultInput): Promise<Fault>;
  listFaults(): Promise<Fault[]>;
  clearFaults(): Promise<void>;
  revokeTokens(which: z.input<typeof revokeSchema>): Promise<number>;
  /** Returns the new private integration token; the old one works 7 more days unless told otherwise. */
  rotatePrivateToken(request: z.input<typeof rotatePrivateTokenSchema>): Promise<string>;
  changePlan(request: z.input<typeof planChangeSchema>): Promise<void>;
  /** Opens a sub-account, with the webhooks that follow from it. */
  addLocation(location: z.input<typeof newLocationSchema>): Promise<Location>;
  changeLocation(locationId: string, change: z.input<typeof locationChangeSchema>): Promise<void>;
  setBehaviour(change: z.input<typeof behaviourChangeSchema>): Promise<void>;
  advanceClock(ms: number): Promise<void>;
  createContact(contact: z.input<typeof uiContactCreateSchema>): Promise<ShownContact>;
  updateContact(contactId: string, change: z.input<typeof uiContactUpdateSchema>): Promise<ShownContact>;
  deleteContact(contactId: string): Promise<void>;
  /** A person merges two contacts: the loser is gone and what it had is the survivor's. */
  mergeContacts(merge: z.input<typeof mergeSchema>): Promise<ShownContact>;
  /** Makes random changes at once, as many as were possible; the report has all since the last `resetChanges`. */
  makeChanges(request: z.input<typeof makeChangesSchema>): Promise<ChangeReport>;
  /** Makes random changes at a pace until `stopChanges`. */
  startChanges(request: z.input<typeof startChangesSchema>): Promise<void>;
  stopChanges(): Promise<ChangeReport>;
  getChanges(): Promise<ChangeReport>;
  getChangeCounts(): Promise<Pick<ChangeReport, 'running' | 'counts'>>;
  resetChanges(): Promise<void>;
  updateOpportunity(opportunityId: string, change: z.input<typeof uiOpportunityUpdateSchema>): Promise<Opportunity>;
  deleteOpportunity(opportunityId: string): Promise<void>;
  createUser(user: z.input<typeof uiUserCreateSchema>): Promise<User>;
  updateUser(userId: string, change: z.input<typeof uiUserUpdateSchema>): Promise<User>;
  deleteUser(userId: string): Promise<void>;
  install(request: z.input<typeof installRequestSchema>): Promise<{ code: string }>;
  uninstall(request: z.input<typeof installRequestSchema>): Promise<void>;
  listContacts(locationId?: string): Promise<ShownContact[]>;
  listNotes(locationId?: string): Promise<Note[]>;
  listTasks(locationId?: string): Promise<Task[]>;
  listOpportunities(locationId?: string): Promise<Opportunity[]>;
  listPipelines(locationId?: string): Promise<Pipeline[]>;
  listUsers(locationId?: string): Promise<User[]>;
  listInstalls(locationId?: string): Promise<Install[]>;
  listLocations(): Promise<Location[]>;
  /** The records of any other kind, of one location or all. */
  listRecords<Name extends CollectionName>(
    name: Name,
    locationId?: string,
  ): Promise<z.output<(typeof collectionSchemas)[Name]>[]>;
  /** All contacts of a location, generated ones among them. */
  listAllContacts(locationId: string): Promise<ShownContact[]>;
  /** The same of conversations or messages. */
  listAllRecords<Name extends 'conversations' | 'messages'>(
    name: Name,
    locationId: string,
  ): Promise<z.output<(typeof collectionSchemas)[Name]>[]>;
  getCalls(): Promise<{ counts: Record<string, number>; last: CallRecord[] }>;
  resetCalls(): Promise<void>;
  getStats(): Promise<Stats>;
  /** How far the scenario is that the simulator was started with. */
  getScenario(): Promise<ScenarioProgress | null>;
  /** What each request bucket counted: allowed, refused, and the most in any window. */
  listLimits(): Promise<LimitUse[]>;
  resetLimits(): Promise<void>;
}

/** The control API refused a request. */
class ControlError extends Error {
  readonly code = 'ControlRefused';
  readonly status: number;

  constructor(status: number, detail: string) {
    super(`the simulator refused with ${status}: ${detail}`);
    this.name = 'ControlError';
    this.status = status;
  }
}

/** Makes a client of the control API of the simulator at `url`. */
export function createControlClient(url: string): ControlClient {
  // The simulator is our own program: its answers are trusted to have the types declared above.
  const ask: AskControl = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(new URL(`/_control${path}`, url), {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new ControlError(response.status, await response.text());
    return (await response.json()) as T;
  };
  const list = async <T>(collection: string, locationId: string | undefined, more = ''): Promise<T[]> => {
    const query = locationId ? `?locationId=${encodeURIComponent(locationId)}${more}` : '';
    const answer = await ask<Record<string, T[]>>('GET', `/state/${collection}${query}`);
    return answer[collection] ?? [];
  };
  const done = async (work: Promise<unknown>): Promise<void> => {
    await work;
  };

  return {
    ...createPersonClient(ask),
    seed: (seed) => ask('POST', '/seed', seed),
    setWebhooks: (change) => ask('PUT', '/webhooks', change),
    getWebhooks: () => ask('GET', '/webhooks'),
    rotateWebhookKey: () => ask('POST', '/webhooks/rotate-key'),
    listUrls: async () => (await ask<{ urls: UrlReport[] }>('GET', '/webhooks/urls')).urls,
    enableUrl: (url) => done(ask('POST', '/webhooks/urls/enable', { url })),
    async listDeliveries(filter = {}) {
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries(filter)) query.set(name, String(value));
      return (await ask<{ deliveries: LoggedDelivery[] }>('GET', `/webhooks/deliveries?${query.toString()}`))
        .deliveries;
    },
    replayDelivery: (id) => done(ask('POST', `/webhooks/deliveries/${id}/replay`)),
    sendWebhook: (event) => ask('POST', '/webhooks/send', event),
    addFault: (fault) => ask('POST', '/faults', fault),
    listFaults: async () => (await ask<{ faults: Fault[] }>('GET', '/faults')).faults,
    clearFaults: () => done(ask('DELETE', '/faults')),
    revokeTokens: async (which) => (await ask<{ revoked: number }>('POST', '/tokens/revoke', which)).revoked,
    rotatePrivateToken: async (request) => (await ask<{ token: string }>('POST', '/tokens/rotate', request)).token,
    changePlan: (request) => done(ask('POST', '/installs/plan', request)),
    addLocation: (location) => ask('POST', '/locations', location),
    changeLocation: (locationId, change) => done(ask('PUT', `/locations/${locationId}`, change)),
    setBehaviour: (change) => done(ask('PUT', '/behaviour', change)),
    advanceClock: (ms) => done(ask('POST', '/clock/advance', { ms })),
    createContact: async (contact) => (await ask<{ contact: ShownContact }>('POST', '/ui/contacts', contact)).contact,
    updateContact: async (id, change) =>
      (await ask<{ contact: ShownContact }>('PUT', `/ui/contacts/${id}`, change)).contact,
    deleteContact: (id) => done(ask('DELETE', `/ui/contacts/${id}`)),
    mergeContacts: async (merge) => (await ask<{ contact: ShownContact }>('POST', '/ui/contacts/merge', merge)).contact,
    makeChanges: (request) => ask('POST', '/changes', request),
    startChanges: (request) => done(ask('POST', '/changes/start', request)),
    stopChanges: () => ask('POST', '/changes/stop'),
    getChanges: () => ask('GET', '/changes'),
    getChangeCounts: () => ask('GET', '/changes/counts'),
    resetChanges: () => done(ask('DELETE', '/changes')),
    updateOpportunity: async (id, change) =>
      (await ask<{ opportunity: Opportunity }>('PUT', `/ui/opportunities/${id}`, change)).opportunity,
    deleteOpportunity: (id) => done(ask('DELETE', `/ui/opportunities/${id}`)),
    createUser: async (user) => (await ask<{ user: User }>('POST', '/ui/users', user)).user,
    updateUser: async (id, change) => (await ask<{ user: User }>('PUT', `/ui/users/${id}`, change)).user,
    deleteUser: (id) => done(ask('DELETE', `/ui/users/${id}`)),
    install: (request) => ask('POST', '/ui/install', request),
    uninstall: (request) => done(ask('POST', '/ui/uninstall', request)),
    listContacts: (locationId) => list('contacts', locationId),
    listNotes: (locationId) => list('notes', locationId),
    listTasks: (locationId) => list('tasks', locationId),
    listOpportunities: (locationId) => list('opportunities', locationId),
    listPipelines: (locationId) => list('pipelines', locationId),
    listUsers: (locationId) => list('users', locationId),
    listInstalls: (locationId) => list('installs', locationId),
    listLocations: () => list('locations', undefined),
    listRecords: (name, locationId) => list(name, locationId),
    listAllContacts: (locationId) => list('contacts', locationId, '&generated=true'),
    listAllRecords: (name, locationId) => list(name, locationId, '&generated=true'),
    getCalls: () => ask('GET', '/calls'),
    resetCalls: () => done(ask('DELETE', '/calls')),
    getScenario: async () => (await ask<{ scenario: ScenarioProgress | null }>('GET', '/scenario')).scenario,
    getStats: () => ask('GET', '/stats'),
    listLimits: async () => (await ask<{ limits: LimitUse[] }>('GET', '/limits')).limits,
    resetLimits: () => done(ask('DELETE', '/limits')),
  };
}
