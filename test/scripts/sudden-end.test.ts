import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { findStartTime } from '../../scripts/stack/process-record.ts';
import { runTool } from '../../scripts/stack/tool.ts';
import { waitFor } from '../stack/wait.ts';
import { useChildScripts } from './child-script.ts';
import { useFolder } from './stack-files.ts';

const path = useFolder();
const runScript = useChildScripts();

const isRunning = async (pid: number): Promise<boolean> => (await findStartTime(pid)) !== undefined;
const isGone = (pid: number): Promise<unknown> => waitFor(`the end of ${pid}`, async () => !(await isRunning(pid)));

/** A process that starts two others and prints their ids; a third has been stopped before. */
const starter = (folder: string, then: string): string => `
import { startProcess } from './scripts/stack/process.ts';
const start = (name, script) => startProcess({
  name, command: '/bin/sh', args: ['-c', script],
  logFile: '${folder}/' + name + '.log', recordFolder: '${folder}/run',
});
await (await start('early', 'exec sleep 60')).stop();
const plain = await start('plain', 'exec sleep 60');
const family = await start('family', 'sleep 60; :');
console.log(plain.pid + ' ' + family.pid);
${then}
`;

describe('a sudden end of npm start', () => {
  it.each([
    ['SIGKILL', 'setInterval(() => {}, 1000)', true],
    ['process.exit', 'process.exit(4)', false],
    ['an uncaught error', 'setImmediate(() => { throw "unexpected"; })', false],
  ])('by %s leaves none of its processes', async (_, then, kill) => {
    const parent = runScript(starter(path(), then));
    const pids = ((await parent.readLine()) ?? '').split(' ').map(Number);
    expect(pids).toHaveLength(2);
    if (kill) {
      expect(await Promise.all(pids.map(isRunning))).toEqual([true, true]);
      parent.child.kill('SIGKILL');
    }
    expect(await parent.ended).not.toBe(0);
    await Promise.all(pids.map(isGone));
  });

  it('takes a tool that is being run with it', async () => {
    const parent = runScript(`
      import { runTool } from './scripts/stack/tool.ts';
      void runTool('/bin/sh', ['-c', 'echo $$ > ${path('pid.new')}; mv ${path('pid.new')} ${path('pid')}; sleep 60; :'], { timeoutMs: 60_000 });
    `);
    const pid = Number(await waitFor('the tool', () => readFile(path('pid'), 'utf8')));
    expect(await isRunning(pid)).toBe(true);
    parent.child.kill('SIGKILL');
    await isGone(pid);
  });
});

describe('a second Ctrl-C', () => {
  const script = `
    import { watchForInterrupt } from './scripts/stack/interrupt.ts';
    setInterval(() => {}, 1000);
    watchForInterrupt(console.log, false).catch((error) => console.log(error.code));
    console.log('ready');
  `;

  it('that follows at once is the same one, passed on by npm; a later one ends the process', async () => {
    const process = runScript(script);
    expect(await process.readLine()).toBe('ready');
    process.child.kill('SIGINT');
    expect(await process.readLine()).toContain('Ctrl-C: stopping');
    process.child.kill('SIGINT');
    expect(await process.readLine()).toBe('Interrupted');
    const firstAt = Date.now();
    const again = setInterval(() => process.child.kill('SIGINT'), 50);
    try {
      expect(await process.readLine()).toBe('stopping by force');
      expect(await process.ended).toBe(130);
    } finally {
      clearInterval(again);
    }
    expect(Date.now() - firstAt).toBeGreaterThan(500);
  });
});

describe('a tool', () => {
  it('tells its exit code and what it complained of', async () => {
    const result = await runTool('/bin/sh', ['-c', 'echo output; echo complaint >&2; exit 5'], { timeoutMs: 10_000 });
    expect(result).toEqual({ code: 5, output: 'complaint\n' });
  });

  it('that is not there counts as one that failed', async () => {
    expect(await runTool(path('nothing'), [], { timeoutMs: 10_000 })).toMatchObject({ code: 127 });
    await writeFile(path('plain'), 'no program');
    expect(await runTool(path('plain'), [], { timeoutMs: 10_000 })).toMatchObject({ code: 127 });
  });

  it('is killed with its children when its time is up', async () => {
    const result = await runTool('/bin/sh', ['-c', 'sleep 60 & echo $! >&2; wait'], { timeoutMs: 300 });
    expect(result.code).toBeNull();
    await isGone(Number(result.output));
  });
});
