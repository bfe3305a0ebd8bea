import { describe, expect, it } from 'vitest';
import { describeMachine, showMachine } from '../../bench/machine.ts';

describe('what figures were measured on', () => {
  it('is told with memory, system, and the versions of what was started', async () => {
    const machine = await describeMachine(() => {});
    expect(machine.memoryMiB).toBeGreaterThan(256);
    expect(machine.os).toMatch(/^\w+ \S+ \w+$/);
    expect(machine.postgres).toMatch(/PostgreSQL\) 18\./);
    expect(machine.temporal).toMatch(/^temporal version \d+\.\d+\.\d+ .*Server \d+\./);
    for (const part of [machine.postgres, machine.temporal, machine.os, `${machine.memoryMiB} MiB`]) {
      expect(showMachine(machine)).toContain(part);
    }
  });
});
