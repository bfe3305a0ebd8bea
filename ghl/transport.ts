import { Agent, errors, request } from 'undici';
import { GhlInvalidError, GhlUnavailableError } from './errors.ts';
import type { EndpointGroup, GhlOperation, OperationName } from './operations.ts';
import type { ResponseHeaders } from './rate-headers.ts';

export interface GhlAnswer {
  status: number;
  headers: ResponseHeaders;
  /** The parsed body; undefined when it is not JSON. */
  body: unknown;
}

interface OutgoingRequest {
  accessToken: string | null;
  path?: Record<string, string> | undefined;
  query?: Record<string, string | undefined> | undefined;
  body?: Record<string, unknown> | undefined;
  signal?: AbortSignal | undefined;
}

export interface Transport {
  send(name: OperationName, operation: GhlOperation, outgoing: OutgoingRequest): Promise<GhlAnswer>;
  close(): Promise<void>;
}

const MAX_RESPONSE_BYTES = 20 * 1024 * 1024;
/** Errors raised before a connection stood: the request cannot have reached GHL. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);

/**
 * The HTTP client of one GHL host. Each group of endpoints has kept-alive connections of its own, as it has a breaker of
 * its own: calls that wait for a slow group take none from the others, who would time out in a queue for one. It knows
 * nothing of tokens, budgets or retries.
 * @param options.maxConnections for each group
 */
export function createTransport(options: { baseUrl: string; maxConnections: number }): Transport {
  const agents = new Map<EndpointGroup, Agent>();
  const agentOf = (group: EndpointGroup): Agent => {
    const agent =
      agents.get(group) ?? new Agent({ connections: options.maxConnections, maxResponseSize: MAX_RESPONSE_BYTES });
    agents.set(group, agent);
    return agent;
  };
  return {
    send: (name, operation, outgoing) => sendOnce(agentOf(operation.group), options.baseUrl, name, operation, outgoing),
    async close() {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()));
    },
  };
}

/** Raises GhlUnavailableError for 5xx, timeouts and broken connections; the signal's reason when it is aborted. */
async function sendOnce(
  agent: Agent,
  baseUrl: string,
  name: OperationName,
  operation: GhlOperation,
  outgoing: OutgoingRequest,
): Promise<GhlAnswer> {
  outgoing.signal?.throwIfAborted();
  const url = buildUrl(baseUrl, name, operation, outgoing);
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), operation.timeoutMs);
  const onCallerAbort = () => abort.abort();
  outgoing.signal?.addEventListener('abort', onCallerAbort, { once: true });
  try {
    const response = await request(url, {
      method: operation.method,
      dispatcher: agent,
      signal: abort.signal,
      headers: buildHeaders(operation, outgoing),
      body: encodeBody(operation, outgoing.body),
    });
    const text = await response.body.text();
    if (response.statusCode >= 500) throw unavailable(name, operation, `status-${response.statusCode}`, true);
    return { status: response.statusCode, headers: response.headers, body: parseJson(text) };
  } catch (error) {
    outgoing.signal?.throwIfAborted();
    if (error instanceof GhlUnavailableError) throw error;
    if (abort.signal.aborted) throw unavailable(name, operation, 'timeout', true);
    throw unavailable(name, operation, 'network', !wasNeverSent(error));
  } finally {
    clearTimeout(timer);
    outgoing.signal?.removeEventListener('abort', onCallerAbort);
  }
}

function unavailable(name: OperationName, operation: GhlOperation, reason: string, mayHaveArrived: boolean) {
  const status = reason.startsWith('status-') ? Number(reason.slice('status-'.length)) : null;
  const ambiguous = mayHaveArrived && operation.effect === 'write';
  return new GhlUnavailableError({ operation: name, reason, status, ambiguous });
}

function wasNeverSent(error: unknown): boolean {
  if (error instanceof errors.ConnectTimeoutError) return true;
  if (error instanceof AggregateError) return error.errors.every(wasNeverSent);
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && NEVER_SENT.has(code);
}

function buildUrl(baseUrl: string, name: OperationName, operation: GhlOperation, outgoing: OutgoingRequest): URL {
  const path = operation.path.replace(/:(\w+)/g, (_match, parameter: string) => {
    const value = outgoing.path?.[parameter];
    // A dot segment would be resolved away and turn the call into another one.
    if (!value || value === '.' || value === '..') {
      throw new GhlInvalidError({ operation: name, reason: 'path-parameter', fields: [parameter] });
    }
    return encodeURIComponent(value);
  });
  const url = new URL(path, baseUrl);
  for (const [key, value] of Object.entries(outgoing.query ?? {})) {
    if (value !== undefined) url.searchParams.set(key, value);
  }
  return url;
}

function buildHeaders(operation: GhlOperation, outgoing: OutgoingRequest): Record<string, string> {
  const contentType = operation.encoding === 'form' ? 'application/x-www-form-urlencoded' : 'application/json';
  return {
    accept: 'application/json',
    version: operation.version,
    ...(outgoing.accessToken ? { authorization: `Bearer ${outgoing.accessToken}` } : {}),
    ...(outgoing.body ? { 'content-type': contentType } : {}),
  };
}

function encodeBody(operation: GhlOperation, body: Record<string, unknown> | undefined): string | null {
  if (!body) return null;
  if (operation.encoding === 'json') return JSON.stringify(body);
  const fields = Object.entries(body).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return new URLSearchParams(fields).toString();
}

function parseJson(text: string): unknown {
  if (text === '') return {};
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
