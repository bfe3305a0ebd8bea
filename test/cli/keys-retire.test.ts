import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSwitchyardClient } from '../../client.ts';
import { parseKeyRing } from '../../crypto/key-ring.ts';
import { createSealingReports } from '../../db/sealing-reports.ts';
import { createLeadHarness, type LeadHarness, somebody } from '../stack/lead-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { startTestSystem, type TestSystem } from '../stack/system.ts';
import { waitFor } from '../stack/wait.ts';
import { type CliRunner, createCliRunner } from './harness.ts';

const first = `1:${randomBytes(32).toString('base64')}`;
const second = `2:${randomBytes(32).toString('base64')}`;
/** What the processes have before the newer key seals. */
const before = parseKeyRing(`${first},${second}:standby`);

let system: TestSystem;
let leads: LeadHarness;
let cli: CliRunner;
let newOnly: CliRunner;
beforeAll(async () => {
  system = await startTestSystem({ keys: before });
  leads = createLeadHarness(system, await system.plant(smallAgency('one')));
  const environment = {
    DATABASE_URL: system.database.url,
    TEMPORAL_ADDRESS: system.temporalAddress,
    TEMPORAL_NAMESPACE: system.namespace,
  };
  cli = await createCliRunner({ ...environment, ENCRYPTION_KEYS: `${first},${second}` });
  newOnly = await createCliRunner({ ...environment, ENCRYPTION_KEYS: second });
  await system.startWorkers();
});
afterAll(async () => {
  await cli.close();
  await newOnly.close();
  await system.stop();
});

const workflowId = (leadId: string): string => `lead-intake/${leads.agencyId}/${leadId}`;
const assigned = async (): Promise<string> => {
  const leadId = await leads.start(somebody('02116'));
  await leads.inState(leadId, 'assigned');
  return leadId;
};
/** Temporal's list follows a little later. */
const listedAs = (status: string, number: number) =>
  waitFor(`${number} workflows ${status}`, async () => {
    const query = `ExecutionStatus = '${status}'`;
    return (await system.client.temporal.workflow.count(query)).count === number;
  });
const retire = (...more: string[]) => cli.run(['keys', 'retire', '1', ...more]);

describe('a key version', () => {
  it('is retired when no row, no open history and no broken one needs it, and not before', async () => {
    const [open, broken] = [await assigned(), await assigned()];
    await createSealingReports({ db: system.database.db, keys: before, log: console }).report();
    await listedAs('Running', 2);

    const listed = await cli.json<{ version: number; openWorkflows: number }[]>(['keys', 'list']);
    expect(listed.map(({ version, openWorkflows }) => [version, openWorkflows])).toEqual([
      [1, 2],
      [2, 2],
    ]);

    // All processes seal with the newer version now, and the last report of the older one is long ago.
    await system.database.ownerDb
      .updateTable('encryption_key_versions')
      .set({ last_sealed_at: new Date(Date.now() - 120_000) })
      .execute();
    expect((await retire()).error).toMatch(/A process sealed with version 1 at/);
    await system.database.ownerDb
      .updateTable('encryption_key_versions')
      .set({ last_sealed_at: new Date(Date.now() - 181_000) })
      .execute();
    expect((await retire()).error).toContain('Rows still need version 1');
    expect(await cli.run(['keys', 'rotate'])).toMatchObject({ code: 0 });

    expect((await retire('--most-histories', '1')).error).toContain('2 open workflows may need version 1');
    const needed = await retire();
    expect(needed).toMatchObject({ code: 1, out: '' });
    expect(needed.error).toContain('Version 1 is still needed: 2 open workflows have it in their history');
    expect(needed.error).toContain(workflowId(open));

    // A message that the newer version has sealed reaches the old workflow, and ends it.
    const close = ['leads', 'close', open, '--agency', leads.agencyId, '--outcome', 'won'];
    expect(await cli.run(close)).toMatchObject({ code: 0 });
    await system.client.temporal.workflow.getHandle(workflowId(broken)).terminate();
    await listedAs('Terminated', 1);
    await listedAs('Completed', 1);
    const resettable = await retire();
    expect(resettable).toMatchObject({ code: 1, out: '' });
    expect(resettable.error).toContain('1 workflows that failed, were terminated or timed out');
    expect(resettable.error).toContain(workflowId(broken));

    // What the newer version alone has sealed needs no older one.
    const fresh = await startedWithNewKey();
    await listedAs('Running', 1);
    const retired = await retire('--forget-broken');
    expect(retired).toMatchObject({ code: 0, error: '' });
    expect(retired.out).toContain('none of the 1 open workflows');
    expect(retired.out).toContain('take version 1 out of ENCRYPTION_KEYS everywhere');
    const [act] = await cli.json<object[]>(['operators', 'audit', '--limit', '1']);
    expect(act).toMatchObject({
      actor: 'cli:tester',
      action: 'encryption-keys.retire',
      subject: 'encryption-key:1',
      after: { openHistories: 1, brokenHistories: null },
    });

    // And so it is: all that is kept opens without it.
    const left = await newOnly.json<object[]>(['keys', 'list']);
    expect(left).toMatchObject([
      { version: 1, state: 'retired', rows: { installs: 0, events: 0 } },
      { version: 2, state: 'seals' },
    ]);
    expect(await newOnly.run(['replay', fresh])).toMatchObject({ code: 0 });
    const lost = await newOnly.run(['replay', workflowId(broken)]);
    expect(lost.code).toBe(1);
    expect(lost.error).toContain('encryption key version 1 is not configured: put it into ENCRYPTION_KEYS');
  });
});

/** A workflow whose start the newer version has sealed; nobody polls its queue, so nothing else is in its history. */
async function startedWithNewKey(): Promise<string> {
  const connection = { address: system.temporalAddress };
  const client = createSwitchyardClient({ connection, namespace: system.namespace, keys: parseKeyRing(second) });
  const id = workflowId(crypto.randomUUID());
  await client.temporal.workflow.start('leadIntake', {
    workflowId: id,
    taskQueue: 'nobody',
    args: [{ agencyId: leads.agencyId, leadId: 'x' }],
  });
  await client.close();
  return id;
}
