import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createSecureServer } from 'node:http2';
import { type AddressInfo, connect, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { findFreePort } from '../../scripts/stack/ports.ts';
import { hearChild } from '../leaks/hear-processes.ts';
import type { Program } from '../stack/compile-programs.ts';
import { createTestNamespace } from '../stack/namespace.ts';
import { waitFor } from '../stack/wait.ts';
import { createAuthority } from './certificates.ts';

const HOST = 'temporal.test';
const PROCESSES = [
  ['api', 'api/server.ts'],
  ['worker', 'worker.ts'],
] as const;
const authority = createAuthority();
const server = authority.issue(HOST);

let folder: string;
let namespace: string;
const closing: (() => void)[] = [];
const running: ChildProcess[] = [];
beforeAll(async () => {
  namespace = await createTestNamespace(inject('temporalAddress'));
  folder = await mkdtemp(join(tmpdir(), 'switchyard-tls-'));
  const client = authority.issue('client.test');
  const files = {
    'ca.pem': authority.cert,
    'client.pem': client.cert,
    'client.key': client.key,
    'api-key': 'cloud-api-key\n',
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content, { mode: 0o600 });
});
afterEach(async () => {
  for (const child of running.splice(0)) {
    const hasEnded = child.exitCode !== null || child.signalCode !== null;
    const ended = hasEnded ? undefined : once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
});
afterAll(async () => {
  for (const close of closing) close();
  await rm(folder, { recursive: true, force: true });
});

async function listen(endpoint: Server): Promise<string> {
  endpoint.listen(0, '127.0.0.1');
  await once(endpoint, 'listening');
  closing.push(() => endpoint.close());
  return `127.0.0.1:${(endpoint.address() as AddressInfo).port}`;
}

/** The test server behind TLS, for clients with a certificate of the authority alone. */
async function startMutualTls(): Promise<string> {
  const [host, port] = inject('temporalAddress').split(':') as [string, string];
  const demands = { ...server, ca: authority.cert, requestCert: true, rejectUnauthorized: true };
  const endpoint = createServer({ ...demands, ALPNProtocols: ['h2'] }, (near) => {
    const far = connect(Number(port), host);
    near.pipe(far).pipe(near);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => {});
      one.on('close', () => other.destroy());
    }
  });
  endpoint.on('tlsClientError', () => {});
  return listen(endpoint);
}

/** An endpoint that knows nobody, and keeps what those who come show it. */
async function startApiKeyDoor(): Promise<{ address: string; shown: Set<string | undefined> }> {
  const shown = new Set<string | undefined>();
  const endpoint = createSecureServer({ ...server });
  endpoint.on('stream', (stream, headers) => {
    shown.add(headers.authorization);
    const unauthenticated = '16';
    stream.respond({ 'content-type': 'application/grpc', 'grpc-status': unauthenticated }, { endStream: true });
  });
  endpoint.on('sessionError', () => {});
  return { address: await listen(endpoint), shown };
}

/** Starts a process of the product; returns what its page tells of Temporal. */
async function start(name: string, program: Program, temporal: Record<string, string>) {
  const port = String(await findFreePort());
  const env = {
    ...process.env,
    DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
    ENCRYPTION_KEYS: `1:${randomBytes(32).toString('base64')}`,
    TEMPORAL_NAMESPACE: namespace,
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: join(folder, 'ca.pem'),
    TEMPORAL_TLS_SERVER_NAME: HOST,
    WORKFLOW_BUNDLE_PATH: inject('workflowBundlePath'),
    API_PORT: port,
    WORKER_HEALTH_PORT: port,
    ...temporal,
  };
  const child = spawn(process.execPath, [inject('programs')[program]!], {
    cwd: join(import.meta.dirname, '..', '..'),
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  hearChild(name, child, env);
  running.push(child);
  return async (): Promise<unknown> => {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
    return ((await answer.json()) as { temporal: unknown }).temporal;
  };
}

describe.each(PROCESSES)('Temporal behind TLS, for the %s', (name, program) => {
  it('is reached with a client’s certificate, and not without', async () => {
    const address = await startMutualTls();
    const without = await start(name, program, { TEMPORAL_ADDRESS: address });
    await waitFor('an answer', async () => (await without()) === 'away');
    const pair = {
      TEMPORAL_TLS_CLIENT_CERT_PATH: join(folder, 'client.pem'),
      TEMPORAL_TLS_CLIENT_KEY_PATH: join(folder, 'client.key'),
    };
    const tell = await start(name, program, { TEMPORAL_ADDRESS: address, ...pair });
    await waitFor('Temporal to be reached', async () => (await tell()) === 'reachable');
    expect(await without()).toBe('away');
  });

  it('is shown the API key that stands in a file', async () => {
    const { address, shown } = await startApiKeyDoor();
    const key = { TEMPORAL_API_KEY_FILE: join(folder, 'api-key') };
    const tell = await start(name, program, { TEMPORAL_ADDRESS: address, ...key });
    await waitFor('the key', async () => (await tell()) === 'away' && shown.has('Bearer cloud-api-key'));
    expect([...shown]).toEqual(['Bearer cloud-api-key']);
  });
});
