import { z } from 'zod';
import { checkCompany } from '../http/access.ts';
import { ok, plainRefusal } from '../http/reply.ts';
import type { Reply } from '../http/reply.ts';
import type { Call, Route } from '../http/route.ts';
import { validate } from '../http/validate.ts';
import { getCallLocation } from '../resources/lookup.ts';
import { appIdOf, installKey } from '../world/world.ts';
import { issuePair } from './issue.ts';
import { mintingScopes } from './scopes.ts';
import { spellAnswer } from './spelling.ts';
import { answerTokenRequest } from './token.ts';

const locationTokenSchema = z.strictObject({ companyId: z.string().min(1), locationId: z.string().min(1) });

const minting = { access: 'agency-oauth', scope: 'oauth.write', method: 'post' } as const;

export const oauthRoutes: Route[] = [
  { open: true, method: 'post', path: '/oauth/token', handle: answerTokenRequest },
  { ...minting, path: '/oauth/locationToken', inV3: 'renamed', handle: mintLocationToken },
  { ...minting, path: '/oauth/location-token', inV3: 'new', handle: mintLocationToken },
];

function mintLocationToken(call: Call): Reply {
  const { companyId, locationId } = validate(locationTokenSchema, call.body);
  checkCompany(call, companyId);
  const location = getCallLocation(call, locationId);
  const { clientId, scopes } = call.token;
  if (!call.sim.world.installs.has(installKey(clientId, locationId))) {
    throw plainRefusal(400, 'App is not installed on this location');
  }
  if (!location.active) throw plainRefusal(400, 'Location is not active');
  const minted = scopes && [...new Set([...scopes, ...mintingScopes])];
  const authority = { class: 'Location', clientId, companyId, locationId, scopes: minted } as const;
  const appId = appIdOf(clientId);
  const versionId = call.sim.world.apps.get(clientId)?.versionId ?? appId;
  const answer = { ...issuePair(call.sim, authority, 86_400), appId, versionId };
  return ok(spellAnswer(answer, call.headers['version']), 201);
}
