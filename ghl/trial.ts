import type { TrialCall } from '../domain/credential-rotation.ts';
import type { CallContext, CallRequest, GhlCalls } from './calls.ts';
import { GhlAuthExpiredError, GhlForbiddenError, GhlInvalidError, GhlNotFoundError } from './errors.ts';
import type { OperationName } from './operations.ts';
import type { GhlCompanyResource, GhlLocationResource } from './resource.ts';

interface Trial {
  scope: string;
  operation: OperationName;
  request: Omit<CallRequest, keyof CallContext | 'trialToken'>;
}

/** No record has it: a write that names it is refused for the scope first, and else for the id, and changes nothing. */
const NOBODY = 'switchyard-trial-of-a-token';

/** One cheap call for each scope that the lead's steps need in a location. */
const trialsOfLocation = ({ ghlLocationId, ghlCompanyId }: GhlLocationResource): Trial[] => [
  { scope: 'locations.readonly', operation: 'getLocation', request: { path: { ghlLocationId } } },
  { scope: 'contacts.readonly', operation: 'getContact', request: { path: { contactId: NOBODY } } },
  { scope: 'contacts.write', operation: 'updateContact', request: { path: { contactId: NOBODY }, body: {} } },
  {
    scope: 'opportunities.readonly',
    operation: 'listPipelines',
    request: { query: { locationId: ghlLocationId } },
  },
  {
    scope: 'opportunities.write',
    operation: 'updateOpportunityStatus',
    request: { path: { opportunityId: NOBODY }, body: { status: 'open' } },
  },
  {
    scope: 'users.readonly',
    operation: 'searchUsers',
    request: { query: { companyId: ghlCompanyId, locationId: ghlLocationId } },
  },
];

/** One cheap call for each scope that making a location and its users needs. Rebilling is not every agency's. */
const trialsOfCompany = ({ ghlCompanyId: companyId }: GhlCompanyResource): Trial[] => [
  { scope: 'locations.readonly', operation: 'searchLocations', request: { query: { companyId, limit: '1' } } },
  {
    scope: 'locations.write',
    operation: 'updateLocation',
    request: { path: { ghlLocationId: NOBODY }, body: { companyId } },
  },
  { scope: 'users.readonly', operation: 'searchUsers', request: { query: { companyId } } },
  { scope: 'users.write', operation: 'updateUser', request: { path: { userId: NOBODY }, body: { companyId } } },
  { scope: 'snapshots.readonly', operation: 'listSnapshots', request: { query: { companyId } } },
];

/**
 * Tries a token, one call for each scope that is needed. Nothing is refreshed, stored or marked.
 * @returns what each call showed
 * @throws GhlError where GHL is away or its limit is reached, which says nothing about the token
 */
export async function tryToken(ghl: GhlCalls, context: CallContext, trialToken: string): Promise<TrialCall[]> {
  const { resource } = context;
  const trials = resource.kind === 'location' ? trialsOfLocation(resource) : trialsOfCompany(resource);
  const calls: TrialCall[] = [];
  for (const { scope, operation, request } of trials) {
    const isOfNobody = Object.values(request.path ?? {}).includes(NOBODY);
    const tried = () => ghl.call(operation, { ...context, ...request, trialToken });
    calls.push({ scope, answer: await tryOnce(tried, isOfNobody) });
  }
  return calls;
}

async function tryOnce(call: () => Promise<unknown>, isOfNobody: boolean): Promise<TrialCall['answer']> {
  try {
    await call();
    return 'allowed';
  } catch (error) {
    // The token was let in: what GHL missed or disliked is the made-up id, or its own data.
    if (error instanceof GhlNotFoundError || error instanceof GhlInvalidError) return 'allowed';
    if (error instanceof GhlAuthExpiredError) return 'refused';
    if (!(error instanceof GhlForbiddenError)) throw error;
    if (error.reason === 'token-scope') return 'scope-missing';
    // Whose a record is that nobody has says nothing, and what an agency pays for is not its token's fault.
    if ((error.reason === 'wrong-tenant' && isOfNobody) || error.reason === 'plan') return 'allowed';
    // A company's token at a location's door, or another location's.
    if (error.reason === 'wrong-tenant' || error.reason === 'token-class') return 'other-account';
    return 'refused';
  }
}
