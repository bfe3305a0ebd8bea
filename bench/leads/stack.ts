import { setTimeout as sleep } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import { createDatabase } from '../../db/database.ts';
import type { Database } from '../../db/schema.ts';
import type { Log } from '../../scripts/stack/progress.ts';
import { type BenchSystem, startBenchSystem } from '../system.ts';
import { describePerson, LEADS_ACCOUNTS, planLeadsAgency } from './agency.ts';
import { countLeads, countWaiting, listTimedLeads, type TimedLead } from './database.ts';

const LOOK_EVERY_MS = 200;
const LIMIT_MS = 300_000;
/** People who ask at the same moment at most. */
const HANDS = 20;
/** No location of GHL's stands in the way: what is measured is ours. */
const NO_LIMIT = { max: 1_000_000, intervalMs: 10_000, daily: 100_000_000 };

export interface LeadsStack {
  system: BenchSystem;
  owner: Kysely<Database>;
  /**
   * Lets people ask in the master account, and waits until all are assigned and nothing of them is left to do.
   * @param perSecond null for as fast as GHL takes them
   */
  ask(people: number, perSecond: number | null): Promise<{ leads: TimedLead[]; quietMs: number }>;
  /** Rejects when a part of the system ends by itself. */
  failed: Promise<never>;
  stop(): Promise<void>;
}

/** The whole system with an agency whose leads only the postcode decides; nothing is polled. */
export async function startLeadsStack(log: Log): Promise<LeadsStack> {
  const system = await startBenchSystem(log);
  const owner = createDatabase({ url: system.ownerUrl, poolSize: 2 });
  let person = 0;
  const createPerson = async (): Promise<void> => {
    person += 1;
    await system.simulator.createContact(describePerson(person));
  };
  try {
    await system.plant(planLeadsAgency());
    for (const account of LEADS_ACCOUNTS) await system.simulator.changeLocation(account, { rateLimit: NO_LIMIT });
  } catch (error) {
    await owner.destroy();
    await system.stop();
    throw error;
  }
  return {
    system,
    owner,
    async ask(people, perSecond) {
      const since = new Date();
      await (perSecond === null ? askAtOnce(people, createPerson) : askAtPace(people, perSecond, createPerson));
      await until(`${people} leads to be assigned and told`, async () => {
        const { assigned, told } = await countLeads(owner, since);
        return assigned >= people && told >= people;
      });
      await until('nothing to be left to do', async () => {
        if ((await countWaiting(owner)) > 0) return false;
        const query = `WorkflowType != 'leadIntake' AND ExecutionStatus = 'Running'`;
        return (await system.temporal.workflow.count(query)).count === 0;
      });
      return { leads: await listTimedLeads(owner, since), quietMs: performance.now() };
    },
    failed: system.failed,
    async stop() {
      await owner.destroy();
      await system.stop();
    },
  };
}

async function askAtOnce(people: number, createPerson: () => Promise<void>): Promise<void> {
  const turns = Array.from({ length: people }).values();
  const hand = async (): Promise<void> => {
    for (const _ of turns) await createPerson();
  };
  await Promise.all(Array.from({ length: HANDS }, hand));
}

/** One after the other by the clock, whether those before are done or not. */
async function askAtPace(people: number, perSecond: number, createPerson: () => Promise<void>): Promise<void> {
  const startedMs = performance.now();
  const asked: Promise<void>[] = [];
  for (let turn = 0; turn < people; turn += 1) {
    await sleep(Math.max(0, startedMs + (turn * 1_000) / perSecond - performance.now()));
    asked.push(createPerson());
  }
  await Promise.all(asked);
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const endsMs = performance.now() + LIMIT_MS;
  while (!(await holds())) {
    if (performance.now() > endsMs) throw new Error(`waited in vain for ${what}`);
    await sleep(LOOK_EVERY_MS);
  }
}
