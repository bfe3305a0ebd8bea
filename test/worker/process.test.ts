import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { findFreePort } from '../../scripts/stack/ports.ts';
import { hearChild } from '../leaks/hear-processes.ts';
import { waitFor } from '../stack/wait.ts';
import { startTemporalProxy } from './temporal-proxy.ts';

const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

/** A worker process of its own. */
async function startWorker(temporalAddress: string, namespace = 'default') {
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
  };
  const child = spawn(process.execPath, ['--import', 'tsx', 'worker.ts'], {
    cwd: join(import.meta.dirname, '..', '..'),
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  hearChild('worker', child, env);
  running.push(child);
  let errors = '';
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
  const ended = once(child, 'exit') as Promise<[number | null]>;
  return {
    child,
    isUp: () => waitFor('the worker', async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 503),
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

  it('with an environment that is not usable ends with 1 and names what is missing', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'worker.ts'], {
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
