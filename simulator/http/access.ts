import type { Simulation } from '../simulation.ts';
import type { Token } from '../world/grants.ts';
import { notFound, plainRefusal, refusal } from './reply.ts';
import type { Call, Route } from './route.ts';

const versions = ['v3', '2023-02-21', '2021-07-28', '2021-04-15', 'legacy'];

export const wrongClassMessage =
  'This authClass type is not allowed to access this scope. Please verify your IAM configuration if this is not the case.';
const wrongScopeMessage = 'The token is not authorized for this scope.';
const wrongLocationMessage = 'The token does not have access to this location.';

/** Finds the token a request bears, valid or not. Returns undefined when it bears none that was ever issued. */
export function findBearer(sim: Simulation, authorization: string | undefined): Token | undefined {
  const [scheme, value] = (authorization ?? '').split(' ');
  return scheme?.toLowerCase() === 'bearer' && value ? sim.world.tokens.get(value) : undefined;
}

/** Refuses a missing or unknown `Version`, and a route that is not of this version. */
export function checkVersion(
  { behaviour }: Simulation,
  route: Exclude<Route, { open: true }>,
  version: string | undefined,
  path: string,
): void {
  if (!version) throw plainRefusal(401, 'version header was not found.');
  if (!versions.includes(version)) {
    if (behaviour.unknownVersion === '401') throw plainRefusal(401, 'version header is invalid');
    throw refusal(400, `Invalid API version segment '${version}' at position 0`);
  }
  if (route.inV3 === 'new' && version !== 'v3') throw notFound(route.method.toUpperCase(), path);
  const isRefused = route.removedInV3 || (route.inV3 === 'renamed' && behaviour.renamedPathsUnderV3 === 'refused');
  if (isRefused && version === 'v3') {
    throw refusal(
      400,
      `Endpoint ${path} is not available in API version v3. This endpoint was removed in version v3. Please use a version before v3.`,
    );
  }
}

/** Refuses a token of the wrong kind, class or scope for the route. Raises 401, which no refresh cures. */
export function checkAccess(route: Exclude<Route, { open: true }>, token: Token): void {
  const agency = token.class === 'Company';
  const { access } = route;
  if (access === 'location' && agency) {
    const pitMessage = route.agencyPitRefusal ?? wrongScopeMessage;
    throw plainRefusal(401, token.kind === 'pit' ? pitMessage : wrongClassMessage);
  }
  if ((access === 'agency' || access === 'agency-oauth') && !agency) throw plainRefusal(401, wrongClassMessage);
  if ((access === 'agency-oauth' || access === 'oauth') && token.kind === 'pit')
    throw plainRefusal(401, wrongScopeMessage);
  if (token.scopes && !token.scopes.includes(route.scope)) throw plainRefusal(401, wrongScopeMessage);
}

/** Refuses the token where it is not valid for the location: another location's, or another agency's. Raises 403. */
export function checkLocation(call: Call, locationId: string): void {
  const { token, sim } = call;
  const allowed = token.locationId
    ? token.locationId === locationId
    : sim.world.locations.get(locationId)?.companyId === token.companyId;
  if (!allowed) throw plainRefusal(403, wrongLocationMessage);
}

/** Refuses the token where it belongs to another agency. Raises 403. */
export function checkCompany(call: Call, companyId: string): void {
  if (call.token.companyId !== companyId) throw plainRefusal(403, 'The token does not have access to this company.');
}
