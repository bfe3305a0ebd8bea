import type { z } from 'zod';
import { calendarOperations } from './operations/calendars.ts';
import { contactSearchOperations } from './operations/contact-search.ts';
import { contactOperations } from './operations/contacts.ts';
import { conversationOperations } from './operations/conversations.ts';
import type { endpointGroups } from './operations/endpoint-groups.ts';
import { locationOperations } from './operations/locations.ts';
import { marketplaceOperations } from './operations/marketplace.ts';
import { oauthOperations } from './operations/oauth.ts';
import { opportunityOperations } from './operations/opportunities.ts';
import { paymentOperations } from './operations/payments.ts';
import { saasOperations } from './operations/saas.ts';
import { snapshotOperations } from './operations/snapshots.ts';
import { userOperations } from './operations/users.ts';
import { workflowOperations } from './operations/workflows.ts';

export type EndpointGroup = keyof typeof endpointGroups;

export interface GhlOperation {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: `/${string}`;
  /** Of the group of endpoints. */
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

/** Every call this system makes to GHL. */
export const operations = {
  ...oauthOperations,
  ...marketplaceOperations,
  ...contactOperations,
  ...contactSearchOperations,
  ...opportunityOperations,
  ...userOperations,
  ...locationOperations,
  ...snapshotOperations,
  ...conversationOperations,
  ...calendarOperations,
  ...paymentOperations,
  ...saasOperations,
  ...workflowOperations,
} as const satisfies Record<string, GhlOperation>;

export type OperationName = keyof typeof operations;
export type OperationResult<Name extends OperationName> = z.output<(typeof operations)[Name]['response']>;
