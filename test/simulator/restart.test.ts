import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createControlClient } from '../../simulator/control-client.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { waitToPass } from '../stack/wait.ts';
import { one, startHarness } from './harness.ts';

let folder: string;
let second: Simulator | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'simulator-'));
});
afterEach(async () => {
  await second?.close();
  await rm(folder, { recursive: true, force: true });
});

describe('a simulator that was stopped', () => {
  it('goes on with what it was about to do', async () => {
    const snapshotPath = join(folder, 'snapshot.json');
    const first = await startHarness({ snapshotPath, behaviour: { messageSentAfterMs: 1_000 } });
    await first.control.seed({ contacts: [{ id: 'ann', locationId: one, phone: '+15550000001' }] });
    const message = await first.control.sendMessage({ contactId: 'ann', message: 'Hello' });
    await first.simulator.close();

    second = await startSimulator({ snapshotPath, behaviour: { messageSettledAfterMs: 0 } });
    const control = createControlClient(second.url);
    await waitToPass(async () => {
      const [kept] = await control.listRecords('messages', one);
      expect(kept).toMatchObject({ id: message.id, status: 'delivered' });
    });
    const again = await control.sendMessage({ contactId: 'ann', message: 'Hello' });
    expect(again).toMatchObject({ conversationId: message.conversationId, body: 'Hello' });
    expect(again.id).not.toBe(message.id);
  });
});
