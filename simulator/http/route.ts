import type { Simulation } from '../simulation.ts';
import type { Token } from '../world/grants.ts';
import type { Reply } from './reply.ts';

/**
 * Whose tokens a route takes: a location's (OAuth or private), an agency's, an agency's OAuth token only, any OAuth token, or
 * any.
 */
type Access = 'location' | 'agency' | 'agency-oauth' | 'oauth' | 'any';

/** What a handler is given about one call. */
export interface OpenCall {
  sim: Simulation;
  params: Record<string, string>;
  query: unknown;
  body: unknown;
  headers: Record<string, unknown>;
}

/** A call whose token has been checked. */
export interface Call extends OpenCall {
  token: Token;
}

interface Endpoint {
  method: 'get' | 'post' | 'put' | 'delete';
  path: string;
}

/** One endpoint of the pretended GHL; `open` ones take no token. */
export type Route =
  | (Endpoint & { open: true; handle: (call: OpenCall) => Reply })
  | (Endpoint & {
      open?: false;
      access: Access;
      scope: string;
      /** What an agency's private integration token is told, where it differs from the usual text. */
      agencyPitRefusal?: string;
      /** Gone under `Version: v3`. */
      removedInV3?: boolean;
      /** `new`: only under `Version: v3`. `renamed`: has a new path there, and is itself refused or not (a behaviour). */
      inV3?: 'new' | 'renamed';
      handle: (call: Call) => Reply;
    });
