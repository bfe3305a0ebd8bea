import { setTimeout as sleep } from 'node:timers/promises';
import { STATUS_CODES } from 'node:http';
import type { Request, RequestHandler, Response } from 'express';
import type { Strike } from '../faults.ts';
import type { Simulation } from '../simulation.ts';
import type { Token } from '../world/grants.ts';
import { checkAccess, checkVersion, findBearer } from './access.ts';
import { plainRefusal, ReplyError } from './reply.ts';
import type { Reply } from './reply.ts';
import type { OpenCall, Route } from './route.ts';

/**
 * Makes the express handler of a route: budget, faults, version, token, work, answer, log.
 * Budget comes first, so that every answer to a known token carries the rate limit headers.
 */
export function createHandler(sim: Simulation, route: Route): RequestHandler {
  return async (req, res) => {
    const token = route.open ? undefined : findBearer(sim, req.header('authorization'));
    const locationId = token?.locationId ?? locationNamedIn(req);
    recordWhenDone(sim, route, locationId, res);
    if (req.method !== 'GET') sim.changed = true;

    const allowance = token ? sim.limits.take(token) : undefined;
    if (allowance) {
      // Its budget has changed, even where nothing else has.
      sim.changed = true;
      res.set(allowance.headers);
    }
    if (allowance && !allowance.allowed) {
      refuseOverLimit(sim, res, allowance.waitMs);
      return;
    }

    const strike = sim.faults.strike({ method: req.method, path: req.path, locationId });
    // The work is done even when the caller has lost patience meanwhile: that is what makes a timeout ambiguous.
    if (strike.latencyMs > 0) await sleep(strike.latencyMs, undefined, { ref: false });
    if (strikeBefore(sim, strike, res)) return;

    const reply = perform(sim, route, token, req);
    if (reply.status < 300 && strikeAfter(sim, strike, res, reply)) return;
    send(sim, res, reply);
  };
}

function refuseOverLimit({ behaviour, random }: Simulation, res: Response, waitMs: number): void {
  if (behaviour.rateLimitRetryAfter) res.set('Retry-After', String(Math.ceil(waitMs / 1000)));
  res.status(429);
  if (behaviour.rateLimitBody === null) res.end();
  else res.json({ ...behaviour.rateLimitBody, traceId: random.uuid('trace') });
}

function perform(sim: Simulation, route: Route, token: Token | undefined, req: Request): Reply {
  const call: OpenCall = {
    sim,
    params: textsOf(req.params),
    query: req.query,
    body: req.body,
    headers: req.headers,
  };
  try {
    if (route.open) return route.handle(call);
    checkVersion(sim, route, req.header('version'), req.path);
    const expired = token?.expiresAtMs != null && token.expiresAtMs <= sim.clock.nowMs();
    if (!token || expired) throw plainRefusal(401, 'Invalid JWT');
    checkAccess(route, token);
    return route.handle({ ...call, token });
  } catch (error) {
    if (error instanceof ReplyError) return error.reply;
    throw error;
  }
}

/** Returns true when the fault has dealt with the call and no work is to be done. */
function strikeBefore(sim: Simulation, { effects }: Strike, res: Response): boolean {
  if (!effects) return false;
  if (effects.hang) return true;
  if (effects.cut) {
    res.socket?.destroy();
    return true;
  }
  const { failAfterCommit, cutAfterCommit, hangAfterCommit, createdBut422, truncate } = effects;
  if (failAfterCommit || cutAfterCommit || hangAfterCommit || createdBut422 || truncate) return false;
  const status = effects.status ?? 500;
  if (effects.retryAfterSeconds) res.set('Retry-After', String(effects.retryAfterSeconds));
  if (effects.gateway) {
    sendPage(res, status, effects.gateway);
    return true;
  }
  send(sim, res, { status, body: { statusCode: status, message: effects.message ?? usualMessage(status) } });
  return true;
}

function sendPage(res: Response, status: number, content: 'html' | 'nothing'): void {
  res.status(status);
  if (content === 'nothing') res.end();
  else res.type('html').send(`<html><body><h1>${status} ${usualMessage(status)}</h1></body></html>`);
}

/** Returns true when the fault hides that the work was done. */
function strikeAfter(sim: Simulation, { effects }: Strike, res: Response, reply: Reply): boolean {
  if (!effects) return false;
  if (effects.hangAfterCommit) return true;
  if (effects.cutAfterCommit) {
    res.socket?.destroy();
    return true;
  }
  if (effects.truncate) sendHalf(res, reply, effects.truncate);
  else if (effects.failAfterCommit)
    send(sim, res, { status: 500, body: { statusCode: 500, message: usualMessage(500) } });
  else send(sim, res, plainRefusal(422, 'Unprocessable Entity').reply);
  return true;
}

function sendHalf(res: Response, reply: Reply, where: 'connection' | 'json'): void {
  const whole = Buffer.from(JSON.stringify(reply.body));
  const half = whole.subarray(0, Math.ceil(whole.length / 2));
  res.status(reply.status).type('json');
  if (where === 'json') {
    res.send(half);
    return;
  }
  res.set('Content-Length', String(whole.length));
  res.write(half, () => res.socket?.destroy());
}

function send(sim: Simulation, res: Response, reply: Reply): void {
  if (res.destroyed) return;
  if (reply.bare !== undefined) {
    res.status(reply.status).json(reply.bare);
    return;
  }
  res.status(reply.status).json({ ...reply.body, traceId: sim.random.uuid('trace') });
}

function usualMessage(status: number): string {
  if (status === 401) return 'Invalid JWT';
  if (status === 500) return 'Internal server error';
  return STATUS_CODES[status] ?? 'Error';
}

function recordWhenDone(sim: Simulation, route: Route, locationId: string | undefined, res: Response): void {
  const startMs = performance.now();
  const at = sim.clock.now().toISOString();
  // `close` comes once, after an answer and after a cut alike.
  res.once('close', () => {
    sim.calls.record({
      at,
      method: route.method.toUpperCase(),
      route: route.path,
      locationId: locationId ?? null,
      status: res.writableFinished ? res.statusCode : 0,
      durationMs: Math.round(performance.now() - startMs),
    });
  });
}

function locationNamedIn(req: Request): string | undefined {
  const body: unknown = req.body;
  const named =
    req.params['locationId'] ??
    req.query['locationId'] ??
    req.query['location_id'] ??
    (typeof body === 'object' && body !== null && 'locationId' in body ? body.locationId : undefined);
  return typeof named === 'string' ? named : undefined;
}

function textsOf(params: Request['params']): Record<string, string> {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)]));
}
