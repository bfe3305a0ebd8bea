import { z } from 'zod';
import { ok, plainRefusal, refusal, ReplyError } from '../http/reply.ts';
import type { Reply } from '../http/reply.ts';
import type { OpenCall } from '../http/route.ts';
import type { Simulation } from '../simulation.ts';
import { issuePair } from './issue.ts';
import type { Authority } from './issue.ts';

/** Fields of `POST /oauth/token`, as a form or as JSON. */
const tokenRequestSchema = z.object({
  client_id: z.string().min(1),
  client_secret: z.string().min(1),
  grant_type: z.enum(['authorization_code', 'refresh_token']),
  code: z.string().optional(),
  refresh_token: z.string().optional(),
});
type TokenRequest = z.output<typeof tokenRequestSchema>;

/** Answers `POST /oauth/token`. */
export function answerTokenRequest(call: OpenCall): Reply {
  const parsed = tokenRequestSchema.safeParse(call.body);
  if (!parsed.success) throw refusal(400, 'Bad Request');
  const request = parsed.data;
  return ok(request.grant_type === 'authorization_code' ? exchangeCode(call.sim, request) : refresh(call.sim, request));
}

/** The code is looked at first, and a wrong client reads the same as a wrong code. */
function exchangeCode(sim: Simulation, request: TokenRequest): Record<string, unknown> {
  const code = sim.world.codes.get(request.code ?? '');
  if (!code || code.clientId !== request.client_id || !isClient(sim, request)) {
    throw oauthError(401, 'UnAuthorized!', 'Authorization code not found');
  }
  sim.world.codes.delete(code.code);
  return answerFor(sim, code);
}

/**
 * Exchanges a refresh token for the next pair. It is single use; within the grace window the same client repeats its
 * request and gets the same pair again. (What GHL answers to a token used up for longer is not confirmed: `invalid_grant`.)
 */
function refresh(sim: Simulation, request: TokenRequest): Record<string, unknown> {
  const grant = sim.world.refreshGrants.get(request.refresh_token ?? '');
  if (!grant || grant.clientId !== request.client_id || !isClient(sim, request)) throw invalidGrant();
  const nowMs = sim.clock.nowMs();
  if (grant.usedAtMs !== null) {
    const inGrace = nowMs - grant.usedAtMs <= sim.behaviour.refreshGraceMs;
    if (!inGrace || !grant.successor) throw invalidGrant();
    return grant.successor;
  }
  if (grant.locationId && sim.world.locations.get(grant.locationId)?.active === false) {
    throw plainRefusal(400, 'Location is not active');
  }
  const answer = answerFor(sim, grant);
  sim.world.refreshGrants.set(grant.refreshToken, { ...grant, usedAtMs: nowMs, successor: answer });
  return answer;
}

function answerFor(sim: Simulation, held: Authority): Record<string, unknown> {
  const { clientId, companyId, locationId, userId, scopes } = held;
  const authority: Authority = { class: held.class, clientId, companyId, locationId, userId, scopes };
  const pair = issuePair(sim, authority, sim.behaviour.accessTokenSeconds);
  const shared = { ...pair, refreshTokenId: sim.random.id(), userType: held.class, companyId };
  return locationId
    ? { ...shared, isBulkInstallation: false }
    : {
        ...shared,
        isBulkInstallation: true,
        installToFutureLocations: true,
        approveAllLocations: true,
        approvedLocations: [],
      };
}

function isClient(sim: Simulation, request: TokenRequest): boolean {
  return sim.world.apps.get(request.client_id)?.clientSecret === request.client_secret;
}

function invalidGrant(): ReplyError {
  return oauthError(400, 'invalid_grant', 'This refresh token is invalid');
}

function oauthError(status: number, error: string, description: string): ReplyError {
  return new ReplyError({ status, body: { error, error_description: description } });
}
