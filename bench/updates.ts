import type { Kysely } from 'kysely';
import { createDatabase } from '../db/database.ts';
import type { Database } from '../db/schema.ts';
import type { Log } from '../scripts/stack/progress.ts';
import { GHL_LOCATION_ID, plantAccount } from './account.ts';
import { type ApiReading, type BenchApi, startBenchApi } from './api.ts';
import { deliverAll, type DeliveryFigures, type Sender } from './deliveries.ts';
import { describeNewPerson, listCustomerUpdates } from './old-customers.ts';
import { startBenchDatabase } from './postgres.ts';
import { type Check, checkUpdates, type Stored } from './updates-checks.ts';
import { watchApi } from './watch-api.ts';

export interface UpdatesResult {
  updates: DeliveryFigures;
  repeats: DeliveryFigures;
  memoryMiB: { start: number; highest: number; end: number };
  checks: Check[];
}

interface Surroundings {
  api: BenchApi;
  /** Connects as the superuser, for looking. */
  owner: Kysely<Database>;
  signal: AbortSignal;
  log: Log;
}

const CONNECTIONS = 20;
const LIMIT_MS = 600_000;
const REPEAT_EVERY = 10;

/**
 * Updates of old customers come in as fast as the API answers them, then every tenth of them once more. Each is to be
 * read into the mirror, once, and none may become a lead or any other work; a new person afterwards must, or the checks
 * would prove nothing. There is no Temporal: what waits in the inbox stays there.
 * @param count how many different updates
 */
export async function measureUpdates(count: number, log: Log): Promise<UpdatesResult> {
  const postgres = await startBenchDatabase(log);
  const owner = createDatabase({ url: postgres.ownerUrl, poolSize: 1 });
  const stopping = new AbortController();
  const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(LIMIT_MS)]);
  let api: BenchApi | undefined;
  try {
    await plantAccount(postgres.url);
    api = await startBenchApi(postgres.url, postgres.folder, log);
    return await Promise.race([measure(count, { api, owner, signal, log }), api.failed]);
  } finally {
    stopping.abort();
    await api?.stop();
    await owner.destroy();
    await postgres.stop();
  }
}

async function measure(count: number, { api, owner, signal, log }: Surroundings): Promise<UpdatesResult> {
  const sender: Sender = { apiUrl: api.url, privateKey: api.privateKey, connections: CONNECTIONS, signal };
  const bodies = listCustomerUpdates(count, GHL_LOCATION_ID, new Date());
  const again = bodies.filter((_, index) => index % REPEAT_EVERY === 0);
  const start = await api.read();
  const watch = watchApi(api, log);
  const deliver = (what: string, sent: Buffer[]): Promise<DeliveryFigures> =>
    deliverAll(sender, sent, (answered) => watch.note(`${answered} of ${sent.length} ${what}`));
  let figures: { updates: DeliveryFigures; repeats: DeliveryFigures };
  try {
    figures = { updates: await deliver('updates', bodies), repeats: await deliver('repeats', again) };
  } finally {
    await watch.stop();
  }
  const end = await api.read();
  const stored = await countStored(owner);
  const person = [describeNewPerson(GHL_LOCATION_ID, new Date())];
  await deliverAll({ ...sender, connections: 1 }, person, () => {});
  const afterwards = { stored: await countStored(owner), reading: await api.read() };
  const readings: ApiReading[] = [start, ...watch.readings, end];
  return {
    ...figures,
    memoryMiB: {
      start: start.memoryMiB,
      highest: Math.max(...readings.map(({ memoryMiB }) => memoryMiB)),
      end: end.memoryMiB,
    },
    checks: checkUpdates({ count, repeatCount: again.length, ...figures, readings, stored, afterwards }),
  };
}

async function countStored(owner: Kysely<Database>): Promise<Stored> {
  const count = async (table: 'events' | 'leads' | 'dead_letters'): Promise<number> => {
    const { rows } = await owner
      .selectFrom(table)
      .select(({ fn }) => fn.countAll<string>().as('rows'))
      .executeTakeFirstOrThrow();
    return Number(rows);
  };
  const countWork = async (what: '=' | '<>'): Promise<number> => {
    const { rows } = await owner
      .selectFrom('event_capabilities')
      .select(({ fn }) => fn.countAll<string>().as('rows'))
      .where('capability', what, 'contact-sync')
      .executeTakeFirstOrThrow();
    return Number(rows);
  };
  const { updates } = await owner
    .selectFrom('events')
    .select(({ fn }) => fn.countAll<string>().as('updates'))
    .where('type', '=', 'ContactUpdate')
    .where('status', '=', 'accepted')
    .where('location_id', 'is not', null)
    .executeTakeFirstOrThrow();
  return {
    updates: Number(updates),
    events: await count('events'),
    leads: await count('leads'),
    work: await countWork('<>'),
    reads: await countWork('='),
    deadLetters: await count('dead_letters'),
  };
}
