import { z } from 'zod';
import { ok, plainRefusal, ReplyError } from '../http/reply.ts';
import type { Reply } from '../http/reply.ts';
import type { OpenCall } from '../http/route.ts';
import type { Simulation } from '../simulation.ts';
import { installKey } from '../world/world.ts';
import { issuePair } from './issue.ts';
import type { Authority } from './issue.ts';
import { spellAnswer, spellField } from './spelling.ts';

const fields = ['client_id', 'client_secret', 'grant_type', 'code', 'refresh_token'] as const;

/** Fields of `POST /oauth/token`, in the date versions' spelling. `client_credentials` is documented and was seen nowhere. */
const tokenRequestSchema = z.object({
  client_id: z.string().min(1),
  client_secret: z.string().min(1),
  grant_type: z.enum(['authorization_code', 'refresh_token']),
  code: z.string().optional(),
  refresh_token: z.string().optional(),
});
type TokenRequest = z.output<typeof tokenRequestSchema>;

/** Answers `POST /oauth/token`, a form or JSON: snake case under a date version or none, camel case under v3. */
export function answerTokenRequest(call: OpenCall): Reply {
  const version = call.headers['version'];
  const request = readRequest(call.body, version);
  const { sim } = call;
  const answer = request.grant_type === 'authorization_code' ? exchangeCode(sim, request) : refresh(call, request);
  return ok(spellAnswer(answer, version));
}

/** The texts are those that v3 documents; what a date version says of a malformed request is not published. */
function readRequest(body: unknown, version: unknown): TokenRequest {
  const given = typeof body === 'object' && body !== null ? new Map(Object.entries(body)) : new Map<string, unknown>();
  const parsed = tokenRequestSchema.safeParse(
    Object.fromEntries(fields.map((name) => [name, given.get(spellField(name, version))])),
  );
  if (parsed.success) return parsed.data;
  const name = spellField(String(parsed.error.issues[0]?.path[0]), version);
  throw plainRefusal(400, given.has(name) ? `Invalid parameter: ${name}` : `Missing parameter: ${name}`);
}

/** The code is looked at first, and a wrong client reads the same as a wrong code. */
function exchangeCode(sim: Simulation, request: TokenRequest): Record<string, unknown> {
  const code = sim.world.codes.get(request.code ?? '');
  const isOver = code?.expiresAtMs != null && code.expiresAtMs <= sim.clock.nowMs();
  if (!code || isOver || code.clientId !== request.client_id || !isClient(sim, request)) {
    throw oauthError(401, 'UnAuthorized!', 'Authorization code not found');
  }
  sim.world.codes.delete(code.code);
  return answerFor(sim, code);
}

/**
 * Exchanges a refresh token for the next pair. It is single use; within the grace window the same client repeats its
 * request and gets the same pair again.
 */
function refresh({ sim, headers }: OpenCall, request: TokenRequest): Record<string, unknown> {
  const grant = sim.world.refreshGrants.get(request.refresh_token ?? '');
  const refused = refusedRefresh(sim, headers['version']);
  if (!grant || grant.clientId !== request.client_id || !isClient(sim, request)) throw refused;
  const nowMs = sim.clock.nowMs();
  if (grant.usedAtMs !== null) {
    const inGrace = nowMs - grant.usedAtMs <= sim.behaviour.refreshGraceMs;
    if (!inGrace || !grant.successor) throw refused;
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
  if (locationId) return { ...shared, isBulkInstallation: false };
  const { world } = sim;
  if (world.apps.get(clientId)?.target === 'Company') return { ...shared, isBulkInstallation: false };
  const installed = world.agencyInstalls.get(installKey(clientId, companyId));
  return {
    ...shared,
    isBulkInstallation: true,
    installToFutureLocations: installed?.installToFutureLocations ?? true,
    approveAllLocations: installed?.approveAllLocations ?? true,
    // Which locations were chosen is not told here: the list of installed locations is to be asked for.
    approvedLocations: [],
  };
}

function isClient(sim: Simulation, request: TokenRequest): boolean {
  return sim.world.apps.get(request.client_id)?.clientSecret === request.client_secret;
}

/** v3 documents its text. Many report `invalid_grant` of the date versions; the exact body is not confirmed. */
function refusedRefresh({ behaviour }: Simulation, version: unknown): ReplyError {
  return version === 'v3' || behaviour.refusedRefresh === 'message'
    ? plainRefusal(400, 'Invalid grant: refresh token is invalid')
    : oauthError(400, 'invalid_grant', 'This refresh token is invalid');
}

function oauthError(status: number, error: string, description: string): ReplyError {
  return new ReplyError({ status, body: { error, error_description: description } });
}
