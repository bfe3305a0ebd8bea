import { readdir, readFile, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { findStartTime } from '../../scripts/stack/process-record.ts';
import {
  ProcessEndedError,
  type ProcessOptions,
  type RunningProcess,
  startProcess,
  watchForUnexpectedEnd,
} from '../../scripts/stack/process.ts';
import { waitFor } from '../stack/wait.ts';
import { useFolder } from './stack-files.ts';

const path = useFolder();
const started: RunningProcess[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((child) => child.stop()));
});

async function run(script: string, options: Partial<ProcessOptions> = {}): Promise<RunningProcess> {
  const child = await startProcess({
    name: 'Test Server',
    command: '/bin/sh',
    args: ['-c', script],
    logFile: path('logs', 'server.log'),
    recordFolder: path('run'),
    stopTimeoutMs: 300,
    ...options,
  });
  started.push(child);
  return child;
}

const readLog = (): Promise<string> => readFile(path('logs', 'server.log'), 'utf8');
const isReady = (): Promise<unknown> => waitFor('the process', async () => (await readLog()).includes('ready'));
const isRunning = async (pid: number): Promise<boolean> => (await findStartTime(pid)) !== undefined;

describe('a process of the stack', () => {
  it('that ends by itself is reported with its exit code and the end of its log', async () => {
    const child = await run('for n in $(seq 1 50); do echo "line $n"; done; echo "no disk" >&2; exit 3');
    const failed = watchForUnexpectedEnd(child);
    await expect(failed).rejects.toThrow(ProcessEndedError);
    const message = await failed.catch((error: unknown) => String(error));
    expect(message).toContain('Test Server ended unexpectedly (exit code 3)');
    expect(message).toContain(path('logs', 'server.log'));
    expect(message).toMatch(/ {2}\| line 32\n[^]* {2}\| line 50\n {2}\| no disk$/);
    expect(message).not.toContain('line 31\n');
  });

  it('that is killed is reported with the signal', async () => {
    const child = await run('echo ready; exec sleep 60');
    process.kill(child.pid, 'SIGKILL');
    await expect(watchForUnexpectedEnd(child)).rejects.toThrow('ended unexpectedly (SIGKILL)');
  });

  it('that cannot be started is reported at once', async () => {
    const starting = run('', { command: path('nothing') });
    await expect(starting).rejects.toThrow(ProcessEndedError);
    await expect(starting).rejects.toThrow(/Test Server could not be started: .*ENOENT/);
  });

  it('that was asked to stop is no surprise', async () => {
    const child = await run('trap "echo bye; exit 0" TERM; echo ready; while :; do sleep 0.05; done');
    const surprise = watchForUnexpectedEnd(child);
    await isReady();
    await child.stop();
    expect(await child.ended).toEqual({ code: 0, signal: null });
    expect(await readLog()).toContain('bye');
    expect(await Promise.race([surprise, delay(0, 'nothing reported')])).toBe('nothing reported');
  });

  it('is asked to stop by the signal it wants', async () => {
    const child = await run('trap "exit 7" INT; echo ready; while :; do sleep 0.05; done', { stopSignal: 'SIGINT' });
    await isReady();
    await child.stop();
    expect((await child.ended).code).toBe(7);
  });

  it('that does not stop in time is killed, and its own children with it', async () => {
    const child = await run('trap "" TERM; sleep 60 & echo "ready $!"; while :; do sleep 0.05; done');
    await isReady();
    const grandchild = Number(/ready (\d+)/.exec(await readLog())?.[1]);
    expect(await isRunning(grandchild)).toBe(true);
    await child.stop();
    expect(await child.ended).toEqual({ code: null, signal: 'SIGKILL' });
    await waitFor('the end of its child', async () => !(await isRunning(grandchild)));
  });

  it('has its note and a log of its own, readable by this user alone', async () => {
    const child = await run('echo ready; exec sleep 60');
    await isReady();
    expect((await stat(child.logFile)).mode & 0o777).toBe(0o600);
    const note: unknown = JSON.parse(await readFile(path('run', 'test-server.json'), 'utf8'));
    expect(note).toEqual({ pid: child.pid, startedAt: await findStartTime(child.pid), signal: 'SIGTERM' });
    await child.stop();
    expect(await readdir(path('run'))).toEqual([]);
  });
});
