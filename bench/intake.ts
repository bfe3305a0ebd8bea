import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { type Kysely, sql } from 'kysely';
import { createDatabase } from '../db/database.ts';
import type { Database } from '../db/schema.ts';
import type { Log } from '../scripts/stack/progress.ts';
import { GHL_LOCATION_ID, plantAccount } from './account.ts';
import { type BenchApi, startBenchApi } from './api.ts';
import { hear, startChild } from './child.ts';
import { deliverAll, type DeliveryFigures, type Sender } from './deliveries.ts';
import { judgeMemory, type Memory } from './flatness.ts';
import type { FloorServerGreeting, FloorServerTask } from './intake/floor-server.ts';
import { mixDeliveries } from './intake/mix.ts';
import { startBenchDatabase } from './postgres.ts';
import { type Spread, spread } from './spread.ts';
import { type ProcessCpu, readPostgresCpu, readProcessCpu } from './usage.ts';

/** One way to take webhooks in. */
export interface IntakeSide {
  perSecond: Spread;
  p50Ms: Spread;
  p99Ms: Spread;
  /** Milliseconds of CPU for one delivery: of the process that takes it, of its JavaScript alone, and of Postgres. */
  cpuMs: { process: Spread; mainThread: Spread; postgres: Spread };
  /** How all of them were answered. */
  answers: Record<string, number>;
}

export interface IntakeResult {
  deliveries: number;
  runs: number;
  api: IntakeSide;
  /** Rows in `events` that the API's deliveries have left. */
  rows: number;
  /** An Express route that verifies and inserts. */
  floor: IntakeSide;
  /** Of the medians, from 0 to 1. */
  share: number;
  /** Of the API, while deliveries came without a pause; null when none was asked for. */
  memory: Memory | null;
}

const CONNECTIONS = 50;
const WARM_UP = 2_000;
const MEMORY_EVERY_MS = 500;
/** Made and signed at once while memory is watched. */
const BATCH = 10_000;

/**
 * Deliveries in a fixed mix, as fast as they are answered, to the API and to the floor in turn, on one Postgres. There is
 * no Temporal: the inbox keeps what workflows would be started for.
 * @param minutes how long the API's memory is watched under load afterwards; 0 for not at all
 */
export async function measureIntake(
  deliveries: number,
  runs: number,
  minutes: number,
  log: Log,
): Promise<IntakeResult> {
  const postgres = await startBenchDatabase(log);
  const stopping = new AbortController();
  let api: BenchApi | undefined;
  let floor: FloorServer | undefined;
  let owner: Kysely<Database> | undefined;
  try {
    await plantAccount(postgres.url);
    api = await startBenchApi(postgres.url, postgres.folder, log);
    floor = await startFloorServer(postgres.ownerUrl);
    const common = { connections: CONNECTIONS, signal: stopping.signal };
    const { url: apiUrl, privateKey, readCpu } = api;
    const takers = { api: { ...common, apiUrl, privateKey, readCpu }, floor: { ...common, ...floor } };
    owner = createDatabase({ url: postgres.ownerUrl, poolSize: 1 });
    const of = { api, owner, deliveries, runs, minutes, log };
    return await Promise.race([measure(takers, of), api.failed]);
  } finally {
    stopping.abort();
    await owner?.destroy();
    await floor?.stop();
    await api?.stop();
    await postgres.stop();
  }
}

/** What takes deliveries in, in a process of its own. */
interface Taker extends Sender {
  readCpu: () => Promise<ProcessCpu>;
}

interface Figures extends DeliveryFigures {
  cpuMs: Record<keyof IntakeSide['cpuMs'], number>;
}

async function measure(
  takers: { api: Taker; floor: Taker },
  of: { api: BenchApi; owner: Kysely<Database>; deliveries: number; runs: number; minutes: number; log: Log },
): Promise<IntakeResult> {
  const { owner, deliveries, runs, minutes, log } = of;
  let batch = 0;
  const deliver = (sender: Sender, count: number): Promise<DeliveryFigures> => {
    batch += 1;
    return deliverAll(sender, mixDeliveries(count, batch, GHL_LOCATION_ID, new Date()), () => {});
  };
  const run = async (taker: Taker): Promise<Figures> => {
    const before = await readCpu(taker, owner);
    const figures = await deliver(taker, deliveries);
    const after = await readCpu(taker, owner);
    const ms = (name: keyof typeof before): number => ((after[name] - before[name]) * 1_000) / deliveries;
    return { ...figures, cpuMs: { process: ms('process'), mainThread: ms('mainThread'), postgres: ms('postgres') } };
  };
  await deliver(takers.floor, WARM_UP);
  await deliver(takers.api, WARM_UP);
  const before = await countEvents(owner);
  const figures: { api: Figures[]; floor: Figures[] } = { api: [], floor: [] };
  for (let turn = 1; turn <= runs; turn += 1) {
    const [floor, api] = [await run(takers.floor), await run(takers.api)];
    figures.floor.push(floor);
    figures.api.push(api);
    log(`run ${turn}: ${describeRun(api)}; floor ${describeRun(floor)}`);
  }
  const rows = (await countEvents(owner)) - before;
  const [api, floor] = [summarise(figures.api), summarise(figures.floor)];
  const memory = minutes === 0 ? null : await watchMemory(of.api, minutes, () => deliver(takers.api, BATCH), log);
  return { deliveries, runs, api, rows, floor, share: api.perSecond.median / floor.perSecond.median, memory };
}

const describeRun = ({ perSecond, p99Ms, cpuMs }: Figures): string =>
  `${perSecond.toFixed(0)} a second, p99 ${p99Ms.toFixed(0)} ms, CPU ms ${cpuMs.process.toFixed(2)} and Postgres ${cpuMs.postgres.toFixed(2)}`;

async function readCpu(taker: Taker, owner: Kysely<Database>): Promise<Figures['cpuMs']> {
  const { cpuSeconds, mainThreadSeconds } = await taker.readCpu();
  return {
    process: cpuSeconds,
    mainThread: mainThreadSeconds,
    postgres: (await readPostgresCpu(owner)) ?? Number.NaN,
  };
}

async function countEvents(owner: Kysely<Database>): Promise<number> {
  const { rows } = await sql<{ events: number }>`select count(*)::int as events from events`.execute(owner);
  return rows[0]!.events;
}

function summarise(figures: readonly Figures[]): IntakeSide {
  const answers: Record<string, number> = {};
  for (const each of figures)
    for (const [answer, times] of Object.entries(each.answers)) answers[answer] = (answers[answer] ?? 0) + times;
  return {
    perSecond: spread(figures.map((each) => each.perSecond)),
    p50Ms: spread(figures.map((each) => each.p50Ms)),
    p99Ms: spread(figures.map((each) => each.p99Ms)),
    cpuMs: {
      process: spread(figures.map(({ cpuMs }) => cpuMs.process)),
      mainThread: spread(figures.map(({ cpuMs }) => cpuMs.mainThread)),
      postgres: spread(figures.map(({ cpuMs }) => cpuMs.postgres)),
    },
    answers,
  };
}

async function watchMemory(
  api: BenchApi,
  minutes: number,
  deliver: () => Promise<DeliveryFigures>,
  log: Log,
): Promise<Memory> {
  const samples: number[] = [];
  const timer = setInterval(() => void api.readMemoryMiB().then((each) => samples.push(each)), MEMORY_EVERY_MS);
  const endsMs = performance.now() + minutes * 60_000;
  try {
    while (performance.now() < endsMs) {
      const { perSecond } = await deliver();
      log(`${perSecond.toFixed(0)} a second, API memory ${(samples.at(-1) ?? 0).toFixed(0)} MiB`);
    }
  } finally {
    clearInterval(timer);
  }
  return judgeMemory(samples.filter((each) => !Number.isNaN(each)));
}

interface FloorServer extends Pick<Taker, 'apiUrl' | 'privateKey' | 'readCpu'> {
  stop(): Promise<void>;
}

async function startFloorServer(ownerUrl: string): Promise<FloorServer> {
  const owner = createDatabase({ url: ownerUrl, poolSize: 1 });
  await sql`create table bench_floor (event_id text primary key, body bytea not null)`.execute(owner);
  await owner.destroy();
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const child = startChild('./intake/floor-server.ts');
  const greeting = hear<FloorServerGreeting>(child);
  const publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  child.send({ databaseUrl: ownerUrl, publicKeyPem } satisfies FloorServerTask);
  const { url } = await greeting;
  return {
    apiUrl: url,
    privateKey,
    readCpu: () => readProcessCpu(child.pid!),
    async stop() {
      const exit = once(child, 'exit');
      child.disconnect();
      await exit;
    },
  };
}
