import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';

interface RequestFacts {
  agencyId?: string | null;
  locationId?: string | null;
  /** The event's row. */
  eventId?: string;
  traceId?: string;
}

const factsOf = new WeakMap<ServerResponse, RequestFacts>();

/** Adds ids to the request's log line. */
export function describeRequest(res: ServerResponse, facts: RequestFacts): void {
  const known = factsOf.get(res);
  if (known) Object.assign(known, facts);
  else factsOf.set(res, { ...facts });
}

/** Express leaves the route's pattern on the request; the address itself may name persons and is never logged. */
export function patternOf(req: IncomingMessage): string {
  const { route } = req as { route?: { path?: unknown } };
  return typeof route?.path === 'string' ? route.path : 'none';
}

/** Asked every few seconds by machines. */
const UNLOGGED: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

/** One line a request: method, route pattern, status, time and ids. No bodies, headers, queries or addresses. */
export function logRequests(logger: Logger): RequestHandler {
  return (req, res, next) => {
    if (UNLOGGED.has(req.path)) return next();
    const startedAt = performance.now();
    // Told once the answer has left, or the caller has gone.
    res.on('close', () => {
      const status = res.statusCode;
      const ms = Math.round(performance.now() - startedAt);
      const line = { method: req.method, route: patternOf(req), status, ms, ...factsOf.get(res) };
      if (status >= 500) logger.error(line, 'request');
      else logger.info(line, 'request');
    });
    next();
  };
}
