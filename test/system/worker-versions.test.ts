import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseKeyRing } from '../../crypto/key-ring.ts';
import { type CliRunner, createCliRunner } from '../cli/harness.ts';
import { createLeadHarness, type LeadHarness, somebody } from '../stack/lead-harness.ts';
import { bringToken } from '../stack/rotation.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { startTestSystem, type TestSystem } from '../stack/system.ts';
import { waitFor } from '../stack/wait.ts';
import { DEPLOYMENT, startVersion, type TakenStep, type VersionedWorkers } from './versioned-workers.ts';

/** What an operator reads of a lead in the Web UI: release B says more. */
const RELEASE_B = [
  "setCurrentDetails)(lines.join('\\n'))",
  "setCurrentDetails)(lines.concat('release B').join('\\n'))",
] as const;
/** A release that was never tried: leads stop at their first line. */
const BROKEN = [
  'async function leadIntake(input) {',
  "async function leadIntake(input) { throw new TypeError('the code is broken');",
] as const;

const ENCRYPTION_KEYS = `1:${randomBytes(32).toString('base64')}`;
const taken: TakenStep[] = [];
const versions = new Map<string | null, VersionedWorkers>();
let system: TestSystem;
let leads: LeadHarness;
let cli: CliRunner;
beforeAll(async () => {
  system = await startTestSystem({ keys: parseKeyRing(ENCRYPTION_KEYS) });
  leads = createLeadHarness(system, await system.plant(smallAgency('one')));
  cli = await createCliRunner({
    DATABASE_URL: system.database.url,
    ENCRYPTION_KEYS,
    TEMPORAL_ADDRESS: system.temporalAddress,
    TEMPORAL_NAMESPACE: system.namespace,
    WORKER_DEPLOYMENT: DEPLOYMENT,
  });
});
afterAll(async () => {
  for (const workers of versions.values()) await workers.stop();
  await system.stop();
  await cli.close();
});

const start = async (
  buildId: string | null,
  more: { change?: readonly [string, string]; lanes?: ['interactive'] } = {},
) => versions.set(buildId, await startVersion(system, { buildId, taken, ...more }));
const stop = async (buildId: string | null) => {
  await versions.get(buildId)!.stop();
  versions.delete(buildId);
};
const rollOut = (...args: string[]) => cli.run(['deployments', 'roll-out', ...args, '--pause', '1s']);
/** The same, with parts that last as long as a test looks at them. */
const rollOutSlowly = (...args: string[]) => cli.run(['deployments', 'roll-out', ...args, '--pause', '50s', '--yes']);
interface Shown {
  routing: { currentBuildId: string | null; ramping: { buildId: string; percentage: number } | null };
}
interface Drainage {
  buildId: string;
  status: string;
  openPinned: number;
  mayStop: boolean;
  reason: string;
}
const routing = async () => (await cli.json<Shown>(['deployments', 'show'])).routing;
/** Whose workers did the steps of a lead, from a place in the notes on. */
const whoDid = (leadId: string, from = 0) =>
  new Set(taken.slice(from).flatMap((step) => (step.args.includes(leadId) ? [step.buildId] : [])));
const handleOf = (leadId: string) =>
  system.client.temporal.workflow.getHandle(`lead-intake/${leads.agencyId}/${leadId}`);
const startLead = () => leads.start(somebody('02116'));
const close = (leadId: string) =>
  system.client.closeLead({
    agencyId: leads.agencyId,
    leadId,
    request: { outcome: 'won', actor: 'test' },
    updateId: crypto.randomUUID(),
  });
/** Starts leads, one after the other, until something else is over; some more than once so that each version has some. */
async function startLeadsUntil(over: Promise<unknown>, atLeast: number, atMost: number): Promise<string[]> {
  let isOver = false;
  void over.finally(() => (isOver = true)).catch(() => undefined);
  const started: string[] = [];
  while (started.length < atLeast || (!isOver && started.length < atMost)) started.push(await startLead());
  return started;
}
const toldReps = async (leadIds: readonly string[]) => {
  const { ownerDb } = system.database;
  const rows = await ownerDb.selectFrom('assignments').selectAll().where('lead_id', 'in', leadIds).execute();
  return rows.flatMap(({ lead_id, ghl_contact_id, ghl_task_id }) =>
    ghl_task_id === null ? [] : [{ leadId: lead_id, contactId: ghl_contact_id, taskId: ghl_task_id }],
  );
};
/** Every lead is with one rep, who was told once. */
async function expectOnce(leadIds: readonly string[]): Promise<void> {
  await waitFor('every rep to be told', async () => (await toldReps(leadIds)).length >= leadIds.length);
  const told = await toldReps(leadIds);
  expect(told.map(({ leadId }) => leadId).sort()).toEqual([...leadIds].sort());
  const tasks = await system.simulator.listTasks();
  for (const { contactId, taskId } of told)
    expect(tasks.filter((task) => task.contactId === contactId).map(({ id }) => id)).toEqual([taskId]);
}
const all: string[] = [];

describe('the first version', () => {
  it('takes nothing before it is rolled out, and then all that workers without a version had in flight', async () => {
    await start(null);
    const before = [await startLead(), await startLead(), await startLead()];
    await expectOnce(before);
    const unknown = await rollOut('A');
    expect(unknown).toMatchObject({ code: 1 });
    expect(unknown.error).toContain('No worker of switchyard-test has polled yet');

    await start('A');
    await waitFor('A to be known', async () => (await cli.run(['deployments', 'show'])).out.includes('inactive'));
    await waitFor('A to know', async () => (await versions.get('A')!.readStanding()) === 'inactive');
    expect(await versions.get(null)!.readStanding()).toBe('unversioned');
    const meanwhile = await startLead();
    await expectOnce([meanwhile]);
    expect(whoDid(meanwhile)).toEqual(new Set([null]));

    const dry = await rollOut('A', '--ramp', '50');
    expect(dry).toMatchObject({ code: 0 });
    expect(dry.out).toContain('50 %, then all of what unversioned has');
    expect(await routing()).toEqual({ currentBuildId: null, ramping: null });

    const rolled = rollOut('A', '--ramp', '50', '--yes');
    const during = await startLeadsUntil(rolled, 3, 8);
    expect(await rolled).toMatchObject({ code: 0 });
    expect(await routing()).toEqual({ currentBuildId: 'A', ramping: null });
    await waitFor('them to know', async () => (await versions.get(null)!.readStanding()) === 'inactive');
    await stop(null);
    all.push(...before, meanwhile, ...during);
    await expectOnce(all);

    const from = taken.length;
    await close(before[0]!);
    await leads.inState(before[0]!, 'closed');
    expect(whoDid(before[0]!, from)).toEqual(new Set(['A']));
    await waitFor('the worker to know', async () => (await versions.get('A')!.readStanding()) === 'current');
  });
});

describe('a next version', () => {
  it('takes leads in flight over, GHL’s steps with them, while a short workflow ends where it began', async () => {
    await system.simulator.seed({
      tokens: [{ token: 'pit-of-chelsea', class: 'Location', companyId: 'one-company', locationId: 'one-loc-chelsea' }],
    });
    await system.simulator.addFault({ status: 503, locationId: 'one-loc-chelsea' });
    const rotation = await bringToken(system, leads.agencyId, leads.location('chelsea'), 'pit-of-chelsea');
    await system.client.startCredentialRotation(rotation);
    await waitFor('the token to be tried', () => taken.some(({ args }) => args.includes(rotation.rotationId)));

    await start('B', { change: RELEASE_B });
    await waitFor('B to be known', async () => (await rollOut('B')).code === 0);
    const rolled = rollOut('B', '--ramp', '40', '--yes');
    const during = await startLeadsUntil(rolled, 6, 14);
    expect(await rolled).toMatchObject({ code: 0, error: expect.stringContaining('40 % to B') as string });
    all.push(...during);
    await expectOnce(all);
    expect(await routing()).toEqual({ currentBuildId: 'B', ramping: null });

    const onB = await startLead();
    all.push(onB);
    await expectOnce([onB]);
    expect(whoDid(onB)).toEqual(new Set(['B']));
    expect(taken.some(({ activity, args }) => activity === 'assignAndTellLead' && args.includes(onB))).toBe(true);
    const { currentDetails } = await handleOf(onB).query<{ currentDetails: string }>('__temporal_workflow_metadata');
    expect(currentDetails).toContain('release B');

    const drained = await cli.json<{ versions: { buildId: string }[] }>(['deployments', 'drain-status']);
    expect(drained.versions).toContainEqual(
      expect.objectContaining({ buildId: 'A', openPinned: 1, mayStop: false, reason: 'workflows-pinned' }),
    );
    await system.simulator.clearFaults();
    const from = taken.length;
    const { workflowId } = system.client.temporal.workflow.getHandle(
      `credential-rotation/${leads.agencyId}/${rotation.rotationId}`,
    );
    await system.client.temporal.workflow.getHandle(workflowId).result();
    expect(whoDid(rotation.rotationId, from)).toEqual(new Set(['A']));
  });

  // A server of somebody else looks when it likes.
  it.skipIf(process.env['TEMPORAL_ADDRESS'])('lets the one before be stopped when nothing ends on it', async () => {
    const drainageOf = async (buildId: string) => {
      const { versions: listed } = await cli.json<{ versions: Drainage[] }>(['deployments', 'drain-status']);
      return listed.find((each) => each.buildId === buildId);
    };
    await waitFor('A to be drained', async () => (await drainageOf('A'))?.status === 'drained');
    expect(await drainageOf('A')).toMatchObject({ openPinned: 0, mayStop: true, reason: 'drained' });
    expect(await drainageOf('B')).toMatchObject({ status: 'current', mayStop: false, reason: 'takes-work' });
    await waitFor('its worker to know', async () => (await versions.get('A')!.readStanding()) === 'drained');
  });

  it('gives all back at once, and every lead ends right', async () => {
    const back = await cli.run(['deployments', 'roll-back', '--yes']);
    expect(back).toMatchObject({ code: 0, out: expect.stringContaining('A has all work again') as string });
    // In haste somebody does it once more, or two do: that leads nowhere, and least of all forward again.
    const again = await cli.run(['deployments', 'roll-back', '--yes']);
    expect(again).toMatchObject({ code: 1, error: expect.stringContaining('the one that was left') as string });
    expect(await routing()).toEqual({ currentBuildId: 'A', ramping: null });
    const from = taken.length;
    const [first, ...rest] = all;
    await Promise.all(rest.map(close));
    await Promise.all(all.map((leadId) => handleOf(leadId).result()));
    for (const leadId of rest) expect(whoDid(leadId, from)).toEqual(new Set(['A']));
    expect((await leads.get(first!))!.state).toBe('closed');
    for (const leadId of all)
      expect((await leads.timeline(leadId)).filter((kind) => kind === 'closed')).toHaveLength(1);
    expect(await system.database.ownerDb.selectFrom('dead_letters').selectAll().execute()).toEqual([]);
    const acts = await cli.json<{ action: string; subject: string }[]>(['operators', 'audit']);
    expect(acts.map(({ action, subject }) => `${action} ${subject}`)).toEqual([
      'worker-version.roll-back worker-version:B',
      'worker-version.rolled-out worker-version:B',
      'worker-version.roll-out worker-version:B',
      'worker-version.rolled-out worker-version:A',
      'worker-version.roll-out worker-version:A',
    ]);
  });

  it('that cannot go on with leads is stopped at its first part, and loses none', async () => {
    const open = [await startLead(), await startLead()];
    await expectOnce(open);
    await start('broken', { change: BROKEN });
    await waitFor('it to be known', async () => (await rollOut('broken')).code === 0);
    const rolled = rollOutSlowly('broken', '--ramp', '60');
    const during = await startLeadsUntil(rolled, 2, 20);
    const { code, error } = await rolled;
    expect(code).toBe(1);
    expect(error).toMatch(/lead-intake\/[\w/-]+ \(WORKFLOW_WORKER_UNHANDLED_FAILURE\)/);
    expect(error).toContain('Rolled back: A has all work again');
    expect(error).not.toContain('100 %');
    expect(await routing()).toEqual({ currentBuildId: 'A', ramping: null });
    await expectOnce([...open, ...during]);
    const [last] = await cli.json<{ action: string; after: unknown }[]>(['operators', 'audit', '--limit', '1']);
    expect(last).toMatchObject({ action: 'worker-version.rolled-back', after: { to: 'A', cause: 'version-broken' } });
    expect((await cli.run(['deployments', 'roll-back', '--yes'])).error).toContain('the one that was left');
  });

  it('is refused when nobody has it, when its workers leave a queue alone, and while another one is under way', async () => {
    const refused = async (args: string[], words: string) =>
      expect(await rollOut(...args)).toMatchObject({ code: 1, error: expect.stringContaining(words) as string });
    await refused(['nowhere', '--yes'], 'No worker of nowhere has polled yet');
    await refused(['A', '--yes'], 'A has the work already');
    await start('narrow', { lanes: ['interactive'] });
    await waitFor('it to be known', async () => (await cli.run(['deployments', 'show'])).out.includes('narrow'));
    await refused(
      ['narrow'],
      'Nobody of it polls sync (workflow), sync (activity), ghl-sync (activity), notices (activity), webhooks (activity), as is done now',
    );

    const rolled = rollOutSlowly('B', '--ramp', '5');
    await waitFor('B to take a part', async () => (await routing()).ramping?.buildId === 'B');
    expect(await cli.run(['deployments', 'roll-back', '--yes'])).toMatchObject({ code: 0 });
    expect(await rolled).toMatchObject({ code: 1, error: expect.stringContaining('Somebody else') as string });
    expect(await routing()).toEqual({ currentBuildId: 'A', ramping: null });

    const of = { deploymentName: DEPLOYMENT, identity: 'another operator' };
    await system.client.rampVersion(of, { buildId: 'B', percentage: 5 });
    await refused(['broken', '--yes'], 'B takes 5 % now');
    expect((await cli.run(['deployments', 'roll-back'])).out).toContain('A would be given the part that B takes');
    expect(await cli.run(['deployments', 'roll-back', '--yes'])).toMatchObject({ code: 0 });
    expect(await routing()).toEqual({ currentBuildId: 'A', ramping: null });
    // Temporal keeps a percentage in four bytes, of which 33.3 is none: it would come back as somebody else's.
    for (const ramp of ['50,10', '33.3'])
      expect((await rollOut('B', '--ramp', ramp)).error).toContain('growing whole percentages');
  });

  it('that two roll out at once is taken back by neither when the other has changed the routing', async () => {
    const one = rollOutSlowly('B', '--ramp', '5,50');
    await waitFor('B to take a part', async () => (await routing()).ramping?.percentage === 5);
    // Goes on where the first one stands, which finds that it has gone on meanwhile.
    expect(await rollOut('B', '--ramp', '5,50', '--yes')).toMatchObject({ code: 0 });
    const lost = await one;
    expect(lost).toMatchObject({ code: 1 });
    expect(lost.error).toContain('Nothing was taken back');
    expect(lost.error).not.toContain('Rolled back');
    expect(await routing()).toEqual({ currentBuildId: 'B', ramping: null });
  });
});
