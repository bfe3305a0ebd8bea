import { createCollections } from './collections.ts';
import type { Collections } from './collections.ts';
import { createContactBook } from './contact-book.ts';
import type { ContactBook } from './contact-book.ts';
import { createPopulations } from './generated/populations.ts';
import type { Populations } from './generated/populations.ts';
import type { AgencyInstall, Code, Install, RefreshGrant, Token } from './grants.ts';
import type { App, Company, Location, Note, Opportunity, Pipeline, Task, User } from './records.ts';

/** Everything the pretended GHL knows, keyed by id. */
export type World = Collections & Records;

interface Records {
  /** Contacts and messages that are made up when they are asked for; changes of them are stored with the others. */
  populations: Populations;
  companies: Map<string, Company>;
  apps: Map<string, App>;
  locations: Map<string, Location>;
  users: Map<string, User>;
  pipelines: Map<string, Pipeline>;
  contacts: ContactBook;
  notes: Map<string, Note>;
  tasks: Map<string, Task>;
  opportunities: Map<string, Opportunity>;
  tokens: Map<string, Token>;
  refreshGrants: Map<string, RefreshGrant>;
  codes: Map<string, Code>;
  /** Keyed by `installKey`. */
  installs: Map<string, Install>;
  /** Keyed by `installKey` of the agency. */
  agencyInstalls: Map<string, AgencyInstall>;
}

/** Makes an empty world. */
export function createWorld(): World {
  const populations = createPopulations();
  return {
    populations,
    companies: new Map(),
    apps: new Map(),
    locations: new Map(),
    users: new Map(),
    pipelines: new Map(),
    contacts: createContactBook(populations),
    notes: new Map(),
    tasks: new Map(),
    opportunities: new Map(),
    tokens: new Map(),
    refreshGrants: new Map(),
    codes: new Map(),
    installs: new Map(),
    agencyInstalls: new Map(),
    ...createCollections(populations),
  };
}

/** The key under which the world keeps an install on a location or an agency. */
export function installKey(clientId: string, resourceId: string): string {
  return `${clientId}/${resourceId}`;
}

/** The app id that webhooks name: the part of the client id before the dash. */
export function appIdOf(clientId: string): string {
  return clientId.split('-')[0] ?? clientId;
}
