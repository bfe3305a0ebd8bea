import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ghlIds } from '../../scripts/demo/agency-plan.ts';
import { createLeadHarness, type LeadHarness, somebody } from '../stack/lead-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { startTestSystem, type TestSystem } from '../stack/system.ts';
import { waitFor } from '../stack/wait.ts';

/** Durations as in GHL's worst hours, scaled down together: an outage outlasts any single attempt many times. */
const SCALED = {
  breaker: { openMs: 1_000, sharedCacheMs: 100 },
  timeoutsMs: { upsertContact: 500, findDuplicateContact: 300 },
};

const plan = smallAgency('one');
let system: TestSystem;
let leads: LeadHarness;
beforeAll(async () => {
  system = await startTestSystem({ ghl: SCALED });
  leads = createLeadHarness(system, await system.plant(plan));
  for (const { key } of plan.locations) {
    await system.simulator.changeLocation(ghlIds.location('one', key), { rateLimit: { max: 100_000 } });
  }
  await system.startWorkers();
}, 60_000);
afterEach(() => system.simulator.clearFaults());
afterAll(() => system.stop());

const POSTCODES = ['02116', '10011'];
/** Starts them a few at a time, as the API's own bound on starts does. */
async function start(count: number): Promise<string[]> {
  const leadIds: string[] = [];
  const startNext = async (): Promise<void> => {
    while (leadIds.length < count) {
      const turn = leadIds.push('') - 1;
      leadIds[turn] = await leads.start(somebody(POSTCODES[turn % POSTCODES.length]));
    }
  };
  await Promise.all(Array.from({ length: 20 }, startNext));
  return leadIds;
}

/** How many of these leads have come to their end in GHL: assigned, and the rep told. */
async function countTold(leadIds: string[]): Promise<number> {
  const { count } = await system.database.ownerDb
    .selectFrom('assignments')
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .where('lead_id', 'in', leadIds)
    .where('state', '=', 'active')
    .where('ghl_task_id', 'is not', null)
    .executeTakeFirstOrThrow();
  return Number(count);
}
const allTold = (leadIds: string[], timeoutMs: number) =>
  waitFor('all to be told', async () => (await countTold(leadIds)) === leadIds.length, timeoutMs);

/** One contact, note and task for each lead: nothing lost, nothing twice. */
async function expectOneOfEach(leadIds: string[]): Promise<void> {
  const rows = await system.database.ownerDb
    .selectFrom('assignments')
    .select('ghl_contact_id')
    .where('lead_id', 'in', leadIds)
    .where('state', '=', 'active')
    .execute();
  const ours = new Set(rows.map((row) => row.ghl_contact_id));
  expect(ours.size).toBe(leadIds.length);
  const { simulator } = system;
  const people = await system.database.ownerDb
    .selectFrom('leads')
    .innerJoin('persons', 'persons.id', 'leads.person_id')
    .select('persons.email')
    .where('leads.id', 'in', leadIds)
    .execute();
  const emails = new Set(people.map((person) => person.email));
  expect((await simulator.listContacts()).filter((contact) => emails.has(contact.email ?? null))).toHaveLength(
    leadIds.length,
  );
  for (const records of [await simulator.listNotes(), await simulator.listTasks()]) {
    expect(records.filter((record) => ours.has(record.contactId))).toHaveLength(leadIds.length);
  }
}

describe('work for GHL', () => {
  it('is done later when GHL answers 429 to everything for a while', async () => {
    await system.simulator.addFault({ status: 429, retryAfterSeconds: 1, forMs: 3_000 });
    const leadIds = await start(10);
    await allTold(leadIds, 30_000);
    await expectOneOfEach(leadIds);
  });

  it('goes on by itself when GHL hung and comes back', async () => {
    await system.simulator.addFault({ hang: true, path: '/contacts/' });
    const leadIds = await start(12);
    await waitFor('the breaker', async () => {
      const open = await system.database.ownerDb.selectFrom('ghl_breakers').select('open_until').execute();
      return open.some((row) => row.open_until.getTime() > Date.now());
    });
    expect(await countTold(leadIds)).toBe(0);
    await system.simulator.clearFaults();
    await allTold(leadIds, 30_000);
    await expectOneOfEach(leadIds);
  });

  it('of 90 leads survives an outage in its middle, writes cut off included, and none is lost or doubled', async () => {
    const leadIds = await start(90);
    await waitFor('a third', async () => (await countTold(leadIds)) >= 30, 60_000);
    // First answers are lost after GHL did the work, then nothing works at all.
    await system.simulator.addFault({ cutAfterCommit: true, method: 'POST', times: 15 });
    await system.simulator.addFault({ status: 503, forMs: 6_000 });
    expect(await countTold(leadIds)).toBeLessThan(90);
    await allTold(leadIds, 90_000);
    await expectOneOfEach(leadIds);
    const letters = await system.database.ownerDb.selectFrom('dead_letters').select('cause').execute();
    expect(letters).toEqual([]);
  }, 180_000);
});
