import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { createControlClient } from '../../simulator/control-client.ts';
import { basicSeed, one } from './harness.ts';

let folder: string;
let running: ChildProcess | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'simulator-'));
});
afterEach(async () => {
  running?.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

async function start(args: string[] = []): Promise<{ url: string; stop: () => Promise<number | null> }> {
  const child = spawn(process.execPath, [inject('programs')['simulator/main.ts']!, ...args], {
    env: { ...process.env, SIMULATOR_PORT: '0', SIMULATOR_SNAPSHOT: join(folder, 'snapshot.json') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running = child;
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, 'line')) as [string];
  const { listening } = JSON.parse(line) as { listening: string };
  return {
    url: listening,
    async stop() {
      const exited = once(child, 'exit') as Promise<[number | null]>;
      child.kill('SIGTERM');
      return (await exited)[0];
    },
  };
}

describe('the simulator process', () => {
  it('stops cleanly and finds its world and undelivered webhooks again', async () => {
    const first = await start();
    expect(first.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const before = createControlClient(first.url);
    await before.seed(basicSeed);
    await before.setWebhooks({ url: 'http://127.0.0.1:9/hook', paused: true });
    const contact = await before.createContact({ locationId: one, email: 'a@x.test' });
    expect(await first.stop()).toBe(0);

    const second = await start();
    const after = createControlClient(second.url);
    expect(await after.listContacts(one)).toMatchObject([{ id: contact.id }]);
    expect((await after.getStats()).webhooks.pending).toBe(1);
    const another = await after.createContact({ locationId: one, email: 'b@x.test' });
    expect(another.id).not.toBe(contact.id);
    expect(await second.stop()).toBe(0);
  });

  it('plays the scenario it is given', async () => {
    const file = join(folder, 'scenario.json');
    await writeFile(
      file,
      JSON.stringify({
        steps: [
          { atSeconds: 0, do: 'seed', with: basicSeed },
          { atSeconds: 0.05, do: 'changeLocation', with: { locationId: one, active: false } },
          { atSeconds: 0.05, do: 'addFault', with: { status: 503, forMs: 60_000 } },
        ],
      }),
    );
    const simulator = await start(['--scenario', file]);
    const control = createControlClient(simulator.url);
    await expect.poll(() => control.listFaults()).toMatchObject([{ status: 503 }]);
    expect((await control.getStats()).locations).toBe(2);
    expect(await simulator.stop()).toBe(0);
  });

  it('says what is wrong with a scenario and does not start', async () => {
    const file = join(folder, 'scenario.json');
    await writeFile(file, JSON.stringify({ steps: [{ atSeconds: 1, do: 'explode' }] }));
    const child = spawn(process.execPath, [inject('programs')['simulator/main.ts']!, '--scenario', file], {
      env: { ...process.env, SIMULATOR_PORT: '0' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    running = child;
    const said: string[] = [];
    child.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    expect(code).toBe(2);
    expect(said.join('')).toContain('steps.0.do: is no act; known are seed, addFault');
  });
});
