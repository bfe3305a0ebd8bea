import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Evidence } from './evidence.ts';
import { listAddressSecrets, listHeaderSecrets, listOpenings, listValues } from './used-values.ts';

const CHANNEL = 'http.server.request.start';

/**
 * Listens to every HTTP server of this process: what comes to and goes from the simulator and the API is what the tests
 * use, and the API's problem details and pages of metrics are what the system says.
 * @returns what stops listening
 */
export function hearHttp(evidence: Evidence): () => void {
  const onRequest = (message: unknown): void => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
    hearRequest(evidence, request);
    hearResponse(evidence, request, response);
  };
  subscribe(CHANNEL, onRequest);
  return () => void unsubscribe(CHANNEL, onRequest);
}

function hearRequest(evidence: Evidence, request: IncomingMessage): void {
  evidence.use(listHeaderSecrets(request.headers));
  evidence.use(listAddressSecrets(request.url ?? ''));
  const chunks: Buffer[] = [];
  // The parser pushes what arrives; reading the stream here would take it from the server.
  const push = request.push.bind(request);
  request.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (Buffer.isBuffer(chunk)) chunks.push(Buffer.from(chunk));
    else if (chunk === null) hearBody(evidence, String(request.headers['content-type']), Buffer.concat(chunks));
    return push(chunk, encoding);
  };
}

function hearResponse(evidence: Evidence, request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  const keep = (chunk: unknown): void => {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk as string));
  };
  const write = response.write.bind(response) as (...args: unknown[]) => boolean;
  const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse;
  // What is given here is not among the headers that can be asked for later.
  const given: Record<string, unknown> = {};
  const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
  response.writeHead = (...args: unknown[]) => {
    const headers = args.at(-1);
    if (typeof headers === 'object' && headers !== null && !Array.isArray(headers))
      for (const [name, value] of Object.entries(headers)) given[name.toLowerCase()] = value;
    return writeHead(...args);
  };
  response.write = (...args: unknown[]) => {
    keep(args[0]);
    return write(...args);
  };
  response.end = (...args: unknown[]) => {
    keep(args[0]);
    const headers: Record<string, unknown> = { ...response.getHeaders(), ...given };
    const type = String(headers['content-type']);
    const body = Buffer.concat(chunks);
    evidence.use(listHeaderSecrets(headers));
    if (typeof headers['location'] === 'string') evidence.use(listOpenings(headers['location']));
    if (type.startsWith('application/problem+json'))
      evidence.say('error answer', `${request.method} ${response.statusCode}`, body.toString());
    else if (request.url === '/metrics') evidence.say('metrics', 'GET /metrics', body.toString());
    else hearBody(evidence, type, body);
    return end(...args);
  };
}

function hearBody(evidence: Evidence, type: string, body: Buffer): void {
  if (body.length === 0) return;
  const text = body.toString();
  if (type.includes('urlencoded')) evidence.use(listOpenings(text));
  else if (type.includes('json') || type === 'undefined') {
    try {
      evidence.use(listValues(JSON.parse(text)));
    } catch {
      // Cut or damaged on purpose.
    }
  }
}
