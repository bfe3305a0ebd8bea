import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { endLeftovers, findStartTime, recordProcess } from '../../scripts/stack/process-record.ts';
import { useFolder } from './stack-files.ts';

const path = useFolder();
const spawned: ChildProcess[] = [];
afterEach(() => {
  for (const child of spawned.splice(0)) child.kill('SIGKILL');
});

async function spawnSleeper(): Promise<{ pid: number; end: Promise<unknown[]> }> {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  spawned.push(child);
  const end = once(child, 'exit');
  await once(child, 'spawn');
  return { pid: child.pid!, end };
}

describe('what a killed run left behind', () => {
  it('is ended by the signal it wants, and its note removed', async () => {
    const { pid, end } = await spawnSleeper();
    await recordProcess(path(), 'postgres', pid, 'SIGINT');
    const said: string[] = [];
    await endLeftovers(path(), (line) => said.push(line));
    expect(await end).toEqual([null, 'SIGINT']);
    expect(said).toEqual([`stopping postgres (process ${pid}), left over from a run that was killed`]);
    expect(await readdir(path())).toEqual([]);
  });

  it('is not mistaken for another process that got its id', async () => {
    const { pid } = await spawnSleeper();
    const note = { pid, startedAt: 'Thu Jan  1 00:00:00 1970', signal: 'SIGKILL' };
    await writeFile(path('worker.json'), JSON.stringify(note));
    await endLeftovers(path(), () => {});
    expect(await findStartTime(pid)).toBeDefined();
    expect(await readdir(path())).toEqual([]);
  });

  it.each(['', '{"pid":', '{"pid":"1"}'])(
    'does not keep the next run from starting when a note is broken: %j',
    async (text) => {
      await writeFile(path('api.json'), text);
      await endLeftovers(path(), () => {});
      expect(await readdir(path())).toEqual([]);
    },
  );

  it('is nothing on the first start', async () => {
    await expect(endLeftovers(path('run'), () => {})).resolves.toBeUndefined();
  });
});
