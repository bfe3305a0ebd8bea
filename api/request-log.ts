import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import { pinoHttp } from 'pino-http';

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
  factsOf.set(res, { ...factsOf.get(res), ...facts });
}

/** Express leaves the route's pattern on the request; the address itself may name persons and is never logged. */
export function patternOf(req: IncomingMessage): string {
  const { route } = req as { route?: { path?: unknown } };
  return typeof route?.path === 'string' ? route.path : 'none';
}

/** One line a request: method, route pattern, status, time and ids. No bodies, headers, queries or addresses. */
export function logRequests(logger: Logger): RequestHandler {
  const line = (req: IncomingMessage, res: ServerResponse, value: { responseTime?: number }) => ({
    method: req.method,
    route: patternOf(req),
    status: res.statusCode,
    ms: value.responseTime,
    ...factsOf.get(res),
  });
  return pinoHttp({
    logger,
    quietReqLogger: true,
    quietResLogger: true,
    serializers: { req: () => undefined, res: () => undefined, err: () => undefined },
    wrapSerializers: false,
    autoLogging: { ignore: (req) => ['/healthz', '/readyz', '/metrics'].includes(req.url ?? '') },
    customLogLevel: (_req, res) => (res.statusCode >= 500 ? 'error' : 'info'),
    customSuccessMessage: () => 'request',
    customErrorMessage: () => 'request',
    customSuccessObject: (req, res, value: { responseTime?: number }) => line(req, res, value),
    customErrorObject: (req, res, _error, value: { responseTime?: number }) => line(req, res, value),
  });
}
