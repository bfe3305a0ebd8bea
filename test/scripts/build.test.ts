import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePort } from '../../scripts/stack/ports.ts';
import { type RunningProcess, startProcess, watchForUnexpectedEnd } from '../../scripts/stack/process.ts';
import { hearLogFile } from '../leaks/hear-processes.ts';
import { waitFor } from '../stack/wait.ts';

const root = join(import.meta.dirname, '..', '..');
/** What is built finds the project's libraries from here. */
const home = join(root, '.switchyard', 'build-test');
let folder: string;
let dist: string;
const running: RunningProcess[] = [];
beforeAll(async () => {
  await mkdir(home, { recursive: true });
  folder = await mkdtemp(join(home, 'run-'));
  dist = join(folder, 'dist');
  await promisify(execFile)(process.execPath, ['--import', 'tsx', 'scripts/build.ts', dist], { cwd: root });
});
afterAll(async () => {
  for (const child of running) await child.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Starts a built program as production does, with no server to reach, and waits until it says that it lives. */
async function start(name: string, script: string): Promise<RunningProcess> {
  const port = String(await findFreePort());
  const child = await startProcess({
    name,
    command: process.execPath,
    args: [join(dist, script)],
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: 'postgres://nobody:nothing@127.0.0.1:1/none',
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      ENCRYPTION_KEYS: `1:${randomBytes(32).toString('base64')}`,
      API_PORT: port,
      WORKER_HEALTH_PORT: port,
      SHUTDOWN_GRACE_MS: '2000',
    },
    logFile: join(folder, `${name}.log`),
    recordFolder: join(folder, 'run'),
  });
  running.push(child);
  const alive = waitFor(`${name} to live`, async () => (await fetch(`http://127.0.0.1:${port}/healthz`)).ok);
  await Promise.race([alive, watchForUnexpectedEnd(child)]);
  return child;
}

describe.concurrent('the build', () => {
  it('has a bundle of the workflows beside the worker', () => {
    expect(existsSync(join(dist, 'workflow-bundle.js'))).toBe(true);
  });

  it.each([
    ['api', 'api/server.js'],
    ['worker', 'worker.js'],
  ])('starts the %s without a TypeScript loader, and stops it when told to', async (name, script) => {
    const child = await start(name, script);
    await child.stop();
    await hearLogFile(child.logFile, {});
    expect(await child.ended).toEqual({ code: 0, signal: null });
  });

  it('answers an operator’s command', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(dist, 'cli/main.js'), '--help']);
    expect(stdout).toContain('dead-letters');
  });
});
