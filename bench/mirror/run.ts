import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { ChangeReport } from '../../simulator/changes/ledger.ts';
import type { Log } from '../../scripts/stack/progress.ts';
import { watchDeletions } from './deletions.ts';
import { createQuietWatch, type QuietWatch, waitUntil } from './quiet.ts';
import type { ProofStack } from './stack.ts';
import type { TimeScale } from './time-scale.ts';
import { plantWorld, type ProofSize, type ProofWorld } from './world.ts';

export interface ProofRun extends ProofSize {
  time: TimeScale;
  /** How many live changes there are once everything is polled. */
  changes: number;
  /** Live changes a second, in all locations together, from the first moment on. */
  perSecond: number;
  /** How many workers are killed: one in the middle of sweeps, a second in the middle of the backfill. */
  kills: 1 | 2;
  /** How many of the webhooks are dropped, and how many doubled, from 0 to 1. */
  dropRate: number;
  duplicateRate: number;
  /** How long anything may take, in milliseconds. */
  timeoutMs: number;
}

/** What a run has left behind, to be checked. */
export interface ProofOutcome {
  world: ProofWorld;
  quiet: QuietWatch;
  report: ChangeReport;
  /** Since when each kind of record is watched, by GHL's id of the location and the kind. */
  watched: Map<string, Date>;
  figures: ProofFigures;
}

export interface ProofFigures {
  /** Until everything was in the mirror and polled. */
  fillSeconds: number;
  liveSeconds: number;
  /** From the last change until all was quiet, the repair of what only a sweep finds included. */
  quietSeconds: number;
  workerMemoryMiB: number;
}

/** Of a hundred changes: more merges and deletions than in life, and all the rest. */
const WEIGHTS = {
  ...{ create: 15, update: 22, tag: 12, dnd: 4, note: 8, message: 15 },
  ...{ opportunity: 8, appointment: 5, merge: 5, delete: 6 },
};
/** The schedule that the API keeps is for life; ours is set again whenever the API has set its own. */
const SCHEDULE_EVERY_MS = 5_000;

/**
 * Fills GHL and lets everything happen that the mirror has to stand: a backfill of the agency while people change, merge and
 * delete, webhooks that are dropped, doubled and late, an outage of GHL, sweeps in the middle of changes, and two workers that
 * are killed. Then lets it become quiet.
 */
export async function runProof(stack: ProofStack, run: ProofRun, log: Log): Promise<ProofOutcome> {
  const { simulator, ownerDb } = stack;
  const { time, timeoutMs } = run;
  await watchDeletions(ownerDb);
  const world = await plantWorld(stack, run, time);
  const quiet = await createQuietWatch(stack, world);
  const watched = new Map<string, Date>();
  const rounds = { everyMs: time.roundEveryMs, locations: run.locations };
  await stack.client.ensurePollSchedule(rounds);
  const keeper = setInterval(
    () => void stack.client.ensurePollSchedule(rounds).catch(() => undefined),
    SCHEDULE_EVERY_MS,
  );
  try {
    const startMs = performance.now();
    const seconds = () => (performance.now() - startMs) / 1_000;
    const { dropRate, duplicateRate, perSecond } = run;
    await simulator.setWebhooks({ dropRate, duplicateRate, reorderWithinMs: time.reorderWithinMs });
    const locationId = world.locations.map(({ ghlId }) => ghlId);
    await simulator.startChanges({ locationId, perSecond, weights: WEIGHTS });
    const { id: backfillId } = await quiet.askApi('POST', '/v1/backfills', {});
    log(`${run.locations} locations, time ${time.factor} times as fast: backfill, polling and changes have begun`);

    const workerMemoryMiB: number[] = [];
    const look = async (): Promise<void> => {
      await noteWatched(stack, world, watched);
      workerMemoryMiB.push(await stack.readWorkerMemoryMiB());
    };
    const total = run.locations * run.contacts;
    await waitUntil(async () => {
      await look();
      const read = await countRead(stack, world);
      return read < total * 0.4 ? `${read} of ${total} contacts are read` : undefined;
    }, timeoutMs);
    if (run.kills > 1) {
      log(`${seconds().toFixed(0)} s: a worker is killed, in the middle of the backfill`);
      await stack.replaceWorker();
    }
    await waitUntil(async () => {
      await look();
      const { endedAt, state } = await quiet.askApi('GET', `/v1/backfills/${String(backfillId)}`);
      const unwatched = await countUnwatched(stack, world);
      return endedAt === null || unwatched > 0
        ? `backfill ${String(state)}, ${unwatched} passes have not ended`
        : undefined;
    }, timeoutMs);
    const fillSeconds = seconds();
    log(`${fillSeconds.toFixed(0)} s: everything is in the mirror and polled`);

    const before = await countChanges(stack);
    const untilChanged = async (share: number): Promise<void> =>
      waitUntil(async () => {
        await look();
        const made = (await countChanges(stack)) - before;
        return made < run.changes * share ? `${made} of ${run.changes} changes are made` : undefined;
      }, timeoutMs);
    await untilChanged(0.2);
    await simulator.addFault({ status: 503, forMs: time.outageMs });
    log(`${seconds().toFixed(0)} s: GHL is away for ${time.outageMs} ms`);
    await sleep(time.outageMs);
    await untilChanged(0.5);
    await quiet.askForSweeps(true);
    await untilChanged(0.6);
    log(`${seconds().toFixed(0)} s: a worker is killed, in the middle of sweeps`);
    await stack.replaceWorker();
    await untilChanged(1);
    const report = await simulator.stopChanges();
    const liveSeconds = seconds() - fillSeconds;
    log(`${seconds().toFixed(0)} s: ${report.changes.length} changes were made; waiting until all is quiet`);

    const patience = { timeoutMs };
    await quiet.sweepsEnded(patience);
    await quiet.becomeQuiet(patience);
    await sleep(time.searchLagMs + time.searchLagJitterMs);
    // What only a sweep finds would be found within a day: that day is not waited for.
    await quiet.askForSweeps(true);
    await quiet.sweepsEnded(patience);
    await quiet.becomeQuiet(patience);
    const quietSeconds = seconds() - fillSeconds - liveSeconds;
    log(`${seconds().toFixed(0)} s: all is quiet`);
    // What people changed last may have gone on by itself since: a message that was sent and then delivered.
    const whole = await simulator.getChanges();
    const memory = Math.max(...workerMemoryMiB.filter((each) => !Number.isNaN(each)));
    const figures = { fillSeconds, liveSeconds, quietSeconds, workerMemoryMiB: memory };
    return { world, quiet, report: whole, watched, figures };
  } finally {
    clearInterval(keeper);
  }
}

/** Contacts whose own record was read. */
async function countRead({ ownerDb }: ProofStack, { agencyId }: ProofWorld): Promise<number> {
  const found = await sql<{ read: number }>`
    select count(*)::int as read from contacts where agency_id = ${agencyId} and is_exact
  `.execute(ownerDb);
  return found.rows[0]?.read ?? 0;
}

async function countUnwatched({ ownerDb }: ProofStack, { agencyId }: ProofWorld): Promise<number> {
  const found = await sql<{ passes: number }>`
    select count(*)::int as passes from poll_passes where agency_id = ${agencyId} and finished_at is null
  `.execute(ownerDb);
  return found.rows[0]?.passes ?? 0;
}

/** Notes from when on every pass over a kind of record has seen all of it once. */
async function noteWatched(
  { ownerDb }: ProofStack,
  { locations }: ProofWorld,
  watched: Map<string, Date>,
): Promise<void> {
  const now = new Date();
  const found = await sql<{ locationId: string; resource: string }>`
    select location_id as "locationId", resource from poll_passes
    group by location_id, resource having bool_and(finished_at is not null)
  `.execute(ownerDb);
  const ghlIdOf = new Map(locations.map(({ id, ghlId }) => [id, ghlId]));
  for (const { locationId, resource } of found.rows) {
    const key = `${ghlIdOf.get(locationId) ?? ''}/${resource}`;
    if (!watched.has(key)) watched.set(key, now);
  }
}

async function countChanges({ simulator }: ProofStack): Promise<number> {
  const { counts } = await simulator.getChangeCounts();
  return Object.values(counts).reduce((sum, each) => sum + each, 0);
}
