import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { findFreePort } from '../../scripts/stack/ports.ts';
import { hearChild } from '../leaks/hear-processes.ts';
import { createTestNamespace } from '../stack/namespace.ts';
import { waitFor } from '../stack/wait.ts';
import { startTemporalProxy } from './temporal-proxy.ts';

const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

/** A worker process of its own. */
async function startWorker(temporalAddress: string, namespace = 'default', more: Record<string, string> = {}) {
  const port = await findFreePort();
  const env = {
    ...process.env,
    DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
    ENCRYPTION_KEYS: `1:${randomBytes(32).toString('base64')}`,
    TEMPORAL_ADDRESS: temporalAddress,
    TEMPORAL_NAMESPACE: namespace,
    WORKFLOW_BUNDLE_PATH: inject('workflowBundlePath'),
    WORKER_HEALTH_PORT: String(port),
    LOG_LEVEL: 'trace',
    ...more,
  };
  const child = spawn(process.execPath, [inject('programs')['worker.ts']!], {
    cwd: join(import.meta.dirname, '..', '..'),
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  hearChild('worker', child, env);
  running.push(child);
  let errors = '';
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const page = (path: string) => fetch(`http://127.0.0.1:${port}/${path}`);
  return {
    child,
    page,
    isUp: () => waitFor('the worker', async () => (await page('readyz')).status === 503),
    code: async () => (await ended)[0],
    errors: () => errors,
  };
}

describe('a worker process', () => {
  it('that still waits for Temporal stops at once when it is told to', async () => {
    const worker = await startWorker(`127.0.0.1:${await findFreePort()}`);
    await worker.isUp();
    worker.child.kill('SIGTERM');
    expect(await worker.code()).toBe(0);
  });

  it('stops as well when Temporal’s address takes connections and says nothing', async () => {
    const silent = await startTemporalProxy(inject('temporalAddress'));
    silent.freeze();
    const worker = await startWorker(silent.address);
    await worker.isUp();
    worker.child.kill('SIGTERM');
    expect(await worker.code()).toBe(0);
    await silent.close();
  });

  it('whose workers cannot poll ends with 1 and says why', async () => {
    const worker = await startWorker(inject('temporalAddress'), 'no-such-namespace');
    expect(await worker.code()).toBe(1);
    expect(worker.errors()).toMatch(/no-such-namespace|not found/i);
  });

  it('that has a version says that it waits to be rolled out, is ready all the same, and tells its figure', async () => {
    const namespace = await createTestNamespace(inject('temporalAddress'));
    const version = { WORKER_DEPLOYMENT: 'switchyard', WORKER_BUILD_ID: '1.1' };
    const worker = await startWorker(inject('temporalAddress'), namespace, version);
    await waitFor('the version to be known', async () => {
      const answer = await worker.page('readyz');
      const { version: standing } = (await answer.json()) as { version: string };
      return answer.status === 200 && standing === 'inactive';
    });
    const metrics = await (await worker.page('metrics')).text();
    expect(metrics).toContain('switchyard_worker_version{status="inactive"} 1');
    expect(metrics).toContain('switchyard_worker_version{status="current"} 0');
  });

  it('that is to tell a version and does not know it ends with 1', async () => {
    const worker = await startWorker(inject('temporalAddress'), 'default', { WORKER_DEPLOYMENT: 'switchyard' });
    expect(await worker.code()).toBe(1);
    expect(worker.errors()).toContain('WORKER_BUILD_ID is missing');
  });

  it('with an environment that is not usable ends with 1 and names what is missing', async () => {
    const child = spawn(process.execPath, [inject('programs')['worker.ts']!], {
      cwd: join(import.meta.dirname, '..', '..'),
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    running.push(child);
    let errors = '';
    child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(1);
    expect(errors).toMatch(/DATABASE_URL is missing/);
  });
});
