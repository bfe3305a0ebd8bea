import type { Lane } from '../domain/ghl-budget.ts';
import type { InstallPurpose } from '../domain/ghl-scopes.ts';
import type { OperationName, OperationResult } from './operations.ts';
import type { GhlCompanyResource, GhlLocationResource, GhlResource } from './resource.ts';

/** Whose budget and authority a call uses, how urgently, and what stops it. */
export interface CallContext<R extends GhlResource = GhlResource> {
  resource: R;
  lane: Lane;
  signal?: AbortSignal | undefined;
}

export type LocationCall = CallContext<GhlLocationResource>;
export type CompanyCall = CallContext<GhlCompanyResource>;

export interface CallRequest extends CallContext {
  /** A token that is being tried, in the place of the stored one: it is neither refreshed nor blamed. */
  trialToken?: string | undefined;
  path?: Record<string, string>;
  query?: Record<string, string | undefined>;
  body?: Record<string, unknown>;
}

/** What the typed calls by resource need of the gateway. */
export interface GhlCalls {
  /** One call with the resource's token. Raises a GhlError. */
  call<Name extends OperationName>(operation: Name, request: CallRequest): Promise<OperationResult<Name>>;
  /** One request to the token endpoint with an app's own credentials. Raises a GhlError. */
  requestToken(fields: TokenFields, of?: TokenRequestOf): Promise<OperationResult<'requestToken'>>;
  /** The ids of our apps; null where there is none. */
  readonly appIds: AppIds;
}

export type AppIds = Readonly<Record<InstallPurpose, string | null>>;

interface TokenRequestOf {
  /** Whose credentials are sent; `locations` where nothing is said. */
  purpose?: InstallPurpose | undefined;
  signal?: AbortSignal | undefined;
}

/** What the token endpoint is asked for; the app's credentials are added by the gateway. */
type TokenFields =
  | { grant_type: 'authorization_code'; code: string; redirect_uri?: string; user_type?: 'Company' | 'Location' }
  | { grant_type: 'refresh_token'; refresh_token: string; user_type: 'Company' | 'Location' };
