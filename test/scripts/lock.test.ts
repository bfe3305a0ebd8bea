import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { acquireLock, LockHeldError } from '../../scripts/stack/lock.ts';
import { findStartTime } from '../../scripts/stack/process-record.ts';
import { useChildScripts } from './child-script.ts';
import { useFolder } from './stack-files.ts';

const path = useFolder();
const runScript = useChildScripts();

const HOLDER = `
import { acquireLock } from './scripts/stack/lock.ts';
console.log('ready');
for await (const line of (await import('node:readline')).createInterface({ input: process.stdin })) {
  console.log(await acquireLock(line).then(() => 'held', (error) => error.code));
}
`;

async function startHolder(before = '') {
  const holder = runScript(`${before}${HOLDER}`);
  expect(await holder.readLine()).toBe('ready');
  return {
    ...holder,
    acquire: () => {
      holder.child.stdin!.write(`${path('lock')}\n`);
      return holder.readLine();
    },
  };
}

describe('the lock of the data folder', () => {
  it('tells the second who holds it and what to do', async () => {
    const holder = await startHolder();
    expect(await holder.acquire()).toBe('held');
    const second = acquireLock(path('lock'));
    await expect(second).rejects.toThrow(LockHeldError);
    await expect(second).rejects.toThrow(`process ${holder.pid}`);
    await expect(second).rejects.toThrow('SWITCHYARD_DATA_DIR');
    expect(await readdir(path())).toEqual(['lock']);
  });

  it('is kept and passed on also where there is no ps', async () => {
    const without = `process.env.PATH = '${path()}';`;
    const [first, second] = [await startHolder(without), await startHolder(without)];
    expect(await first.acquire()).toBe('held');
    expect(await second.acquire()).toBe('LockHeld');
    first.child.kill('SIGKILL');
    await first.ended;
    expect(await second.acquire()).toBe('held');
  });

  it('is free again when it has been given back', async () => {
    const release = await acquireLock(path('deep', 'folder', 'lock'));
    await release();
    await expect(stat(path('deep', 'folder', 'lock'))).rejects.toThrow();
    await (
      await acquireLock(path('deep', 'folder', 'lock'))
    )();
  });

  it('passes from a holder that was killed to the next', async () => {
    const holder = await startHolder();
    expect(await holder.acquire()).toBe('held');
    holder.child.kill('SIGKILL');
    await holder.ended;
    await acquireLock(path('lock'));
    expect(JSON.parse(await readFile(path('lock'), 'utf8'))).toMatchObject({ pid: process.pid });
    expect(await readdir(path())).toEqual(['lock']);
  });

  it('counts as free when its process id now belongs to another process', async () => {
    const startedAt = 'Thu Jan  1 00:00:00 1970';
    expect(await findStartTime(process.ppid)).not.toBe(startedAt);
    await writeFile(path('lock'), JSON.stringify({ pid: process.ppid, startedAt }));
    await acquireLock(path('lock'));
    expect(await readFile(path('lock'), 'utf8')).toContain(String(process.pid));
  });

  it.each(['', 'nonsense', '{"pid":'])('counts as free when it holds %j', async (text) => {
    await writeFile(path('lock'), text);
    await acquireLock(path('lock'));
    expect(await readFile(path('lock'), 'utf8')).toContain(String(process.pid));
  });

  it('is not kept from anybody for long by a guard that a loss of power left behind', async () => {
    await writeFile(path('lock'), '');
    await mkdir(path('lock.guard'));
    await utimes(path('lock.guard'), new Date(0), new Date(0));
    await acquireLock(path('lock'));
    expect(await readdir(path())).toEqual(['lock']);
  });

  it('goes to one only when several find it abandoned at once', async () => {
    const holders = await Promise.all([startHolder(), startHolder(), startHolder(), startHolder()]);
    for (let round = 0; round < 5; round += 1) {
      await writeFile(path('lock'), JSON.stringify({ pid: 2 ** 22 + round, startedAt: 'long ago' }));
      const results = await Promise.all(holders.map((holder) => holder.acquire()));
      expect(results.toSorted()).toEqual(['LockHeld', 'LockHeld', 'LockHeld', 'held']);
    }
  });
});
