import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { readCpuOfChildren, readProcessCpu, readProcessTimes } from '../../bench/usage.ts';

describe('what Linux tells of a process', () => {
  it('is read behind a name that holds blanks and brackets', () => {
    const times = '111 222 333 444';
    const stat = `4242 (postgres: a) b (c) S 17 4242 4242 0 -1 4194560 1 2 3 4 ${times} 20 0 1 0 5 6 7`;
    expect(readProcessTimes(stat)).toEqual({ parentPid: 17, ownSeconds: 3.33, endedSeconds: 7.77 });
  });
});

describe('the CPU time of this process’ children', () => {
  it.skipIf(process.platform !== 'linux')('is told by what stands in their command lines', async () => {
    const busy = spawn(process.execPath, ['-e', 'for (;;) performance.now();', 'a-busy-child']);
    try {
      const marks = { busy: 'a-busy-child', none: 'no-such-child' };
      await expect.poll(async () => (await readCpuOfChildren(marks)).busy).toBeGreaterThan(0);
      expect((await readCpuOfChildren(marks)).none).toBe(0);
    } finally {
      const ended = once(busy, 'exit');
      busy.kill('SIGKILL');
      await ended;
    }
  });
});

describe('the CPU time of a process', () => {
  it.skipIf(process.platform !== 'linux')('tells its main thread apart', async () => {
    const work = `require('node:crypto').pbkdf2('a', 'b', 1e9, 64, 'sha512', () => {})`;
    const busyBeside = spawn(process.execPath, ['-e', work]);
    try {
      const beside = async (): Promise<number> => {
        const { cpuSeconds, mainThreadSeconds } = await readProcessCpu(busyBeside.pid!);
        return cpuSeconds - mainThreadSeconds;
      };
      await expect.poll(beside).toBeGreaterThan(0.5);
    } finally {
      const ended = once(busyBeside, 'exit');
      busyBeside.kill('SIGKILL');
      await ended;
    }
  });
});
