import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BigAgency, plantBigAgency } from '../../bench/reconcile-agency.ts';
import { checkReconcile, describeReconcile } from '../../bench/reconcile-report.ts';
import { measurePolledAgency } from '../../bench/reconcile.ts';
import { POLL_POLICY, type PollPolicy } from '../../domain/poll-rules.ts';
import { startTestSystem, TEST_APP, type TestSystem } from '../stack/system.ts';
import { waitFor } from '../stack/wait.ts';

/** As in production, but that a busy location's changes are looked for every other second. */
const { contact } = POLL_POLICY.rules;
const everyMs = { hot: 2_000, usual: 60_000, idle: 600_000 };
const policy: PollPolicy = {
  ...POLL_POLICY,
  rules: { ...POLL_POLICY.rules, contact: { ...contact, delta: { ...contact.delta!, everyMs } } },
};

let system: TestSystem;
let agency: BigAgency;
beforeAll(async () => {
  system = await startTestSystem({ polling: policy, lanes: ['sync'] });
  const { database, keys, simulator } = system;
  agency = await plantBigAgency(
    { key: 'big', locations: 12, hot: 2, contacts: 12, messagesPerContact: 1 },
    { db: database.db, keys, simulator, app: TEST_APP },
  );
  await system.startWorkers();
});
afterAll(() => system.stop());

it('polls an agency within its budgets, busy locations often and idle ones seldom, and keeps nobody waiting', async () => {
  const { database, simulator, client, gateway } = system;
  const result = await measurePolledAgency(
    {
      owner: database.ownerDb,
      simulator,
      client,
      gateway,
      agency,
      policy,
      schedule: { everyMs: 1_000, locations: 50 },
      readMemory: () => Promise.resolve(process.memoryUsage.rss() / 1_048_576),
      log: () => {},
    },
    { steadyMs: 15_000, stirEveryMs: 1_000, workedIn: 1, giveUpMs: 240_000 },
  );
  // The machine runs other tests beside it: how quick it is says nothing.
  const aims = { slackMs: 15_000, delayMs: 10_000 };
  const missed = checkReconcile(result, aims).filter(({ passed }) => !passed);
  expect(missed, describeReconcile(result, aims).join('\n')).toEqual([]);
  expect(result.interactive.tookMs.length).toBeGreaterThan(20);
  // The lane was pressed to its limit in the busy locations, and what it leaves to others was left.
  expect(result.first.polled.highestInWindow).toBeGreaterThan(60);
  expect(result.workflows.rounds).toBeGreaterThan(1);
}, 400_000);

it('looks at an idle location again and again from the moment it speaks, and at no other', async () => {
  const { ownerDb } = system.database;
  const [speaking, silent] = agency.idle.map(({ locationId }) => locationId);
  const endOf = async (locationId: string | undefined) => {
    const pass = ownerDb.selectFrom('poll_passes').select('finished_at');
    const found = await pass
      .where('location_id', '=', locationId!)
      .where('resource', '=', 'contact')
      .where('kind', '=', 'delta')
      .executeTakeFirstOrThrow();
    return found.finished_at!.getTime();
  };
  const before = { speaking: await endOf(speaking), silent: await endOf(silent) };
  await ownerDb.updateTable('locations').set({ last_event_at: new Date() }).where('id', '=', speaking!).execute();
  let last = before.speaking;
  for (let look = 1; look <= 3; look += 1) {
    last = await waitFor(`look ${look} at the location that speaks`, async () => {
      const end = await endOf(speaking);
      return end > last && end;
    });
  }
  expect(await endOf(silent)).toBe(before.silent);
}, 400_000);
