import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../scripts/stack/progress.ts';
import { countGhlCalls, readWorkflowCost, type WorkflowCost } from './leads/cost.ts';
import { readCourse, type Stretch } from './leads/course.ts';
import { readDatabaseWork } from './leads/database.ts';
import { startFloor } from './leads/floor.ts';
import { type LeadsStack, startLeadsStack } from './leads/stack.ts';
import { quantile, type Spread, spread } from './spread.ts';
import { readCpuOfChildren, readPostgresCpu } from './usage.ts';

export interface LeadsResult {
  leads: number;
  /** From the first webhook's receipt to the last lead's rep. */
  perSecond: Spread;
  /** Workflows with one empty activity on the same server. */
  floorPerSecond: Spread;
  /** Of the medians, from 0 to 1. */
  share: number;
  /** Of a lead's own workflow. */
  eventsToAssigned: Spread;
  /** Of all processes together, for each lead and all that follows from it, beside what an idle system sends. */
  statements: Spread;
  commits: Spread;
  /** A lead, and all that follows from it. */
  ghlCalls: Spread;
  /** CPU seconds a lead, by process; what an idle system uses meanwhile is in it. */
  cpu: Record<Part, Spread>;
  /** Of the last run. */
  workflows: WorkflowCost[];
}

/** The processes of the system, by what stands in their command lines. */
const PARTS = { worker: 'worker.ts', api: 'api/server.ts', temporal: 'start-dev', simulator: 'simulator/main.ts' };
export type Part = keyof typeof PARTS | 'postgres';
const ALL_PARTS = [...Object.keys(PARTS), 'postgres'] as Part[];

/** Leads of a first run that is not counted: connections, tokens and caches are made by it. */
const WARM_UP = 30;
const IDLE_MS = 5_000;
/** Postgres' processes tell what they have committed a second late. */
const COUNTED_LATE_MS = 1_500;
/** Histories that are read of each run. */
const SAMPLE = 20;

/**
 * Lets many people ask at once, and starts as many workflows with one empty activity, in turn on the same server.
 * @param leads in each run
 */
export async function measureLeads(leads: number, runs: number, log: Log): Promise<LeadsResult> {
  const stack = await startLeadsStack(log);
  const floor = await startFloor(stack.system.temporal, {
    address: stack.system.temporalAddress,
    namespace: stack.system.temporal.options.namespace,
  });
  try {
    return await Promise.race([measure(), stack.failed]);
  } finally {
    await floor.stop();
    await stack.stop();
  }

  async function measure(): Promise<LeadsResult> {
    await stack.ask(WARM_UP, null);
    await floor.measure(WARM_UP);
    const idle = await watchIdle(stack);
    const found: (Run & { floorPerSecond: number })[] = [];
    for (let run = 0; run < runs; run += 1) {
      const floorPerSecond = await floor.measure(leads);
      const one = await measureRun(stack, leads, idle);
      log(`run ${run + 1}: ${one.perSecond.toFixed(1)} leads a second, floor ${floorPerSecond.toFixed(1)}`);
      found.push({ ...one, floorPerSecond });
    }
    const perSecond = spread(found.map((run) => run.perSecond));
    const floorPerSecond = spread(found.map((run) => run.floorPerSecond));
    return {
      leads,
      perSecond,
      floorPerSecond,
      share: perSecond.median / floorPerSecond.median,
      eventsToAssigned: spread(found.flatMap((run) => run.events)),
      statements: spread(found.map((run) => run.statements)),
      commits: spread(found.map((run) => run.commits)),
      ghlCalls: spread(found.map((run) => run.ghlCalls)),
      cpu: Object.fromEntries(
        ALL_PARTS.map((part) => [part, spread(found.map((run) => run.cpu[part]))]),
      ) as LeadsResult['cpu'],
      workflows: found.at(-1)!.workflows,
    };
  }
}

interface Idle {
  statementsPerMs: number;
  commitsPerMs: number;
}

async function watchIdle({ owner }: LeadsStack): Promise<Idle> {
  const before = await readDatabaseWork(owner);
  await sleep(IDLE_MS);
  const after = await readDatabaseWork(owner);
  const ms = after.atMs - before.atMs;
  return {
    statementsPerMs: (after.statements - before.statements) / ms,
    commitsPerMs: (after.commits - before.commits) / ms,
  };
}

async function readCpu({ owner }: LeadsStack): Promise<Record<Part, number>> {
  return { ...(await readCpuOfChildren(PARTS)), postgres: (await readPostgresCpu(owner)) ?? Number.NaN };
}

interface Run {
  perSecond: number;
  events: number[];
  statements: number;
  commits: number;
  ghlCalls: number;
  cpu: Record<Part, number>;
  workflows: WorkflowCost[];
}

async function measureRun(stack: LeadsStack, count: number, idle: Idle): Promise<Run> {
  const since = new Date();
  await stack.system.simulator.resetCalls();
  const cpuBefore = await readCpu(stack);
  const before = await readDatabaseWork(stack.owner);
  const { leads } = await stack.ask(count, null);
  await sleep(COUNTED_LATE_MS);
  const after = await readDatabaseWork(stack.owner);
  const cpuAfter = await readCpu(stack);
  const ms = after.atMs - before.atMs;
  const firstMs = Math.min(...leads.map(({ receivedAt }) => receivedAt.getTime()));
  const lastMs = Math.max(...leads.map(({ assignedAt }) => assignedAt.getTime()));
  const events: number[] = [];
  for (const lead of leads.filter((_, index) => index % Math.ceil(leads.length / SAMPLE) === 0))
    events.push((await readCourse(stack.system.temporal, lead)).events);
  return {
    perSecond: count / ((lastMs - firstMs) / 1_000),
    events,
    ghlCalls: (await countGhlCalls(stack.system.simulator)) / count,
    cpu: Object.fromEntries(ALL_PARTS.map((part) => [part, (cpuAfter[part] - cpuBefore[part]) / count])) as Record<
      Part,
      number
    >,
    workflows: await readWorkflowCost(stack.system.temporal, since, count),
    statements: (after.statements - before.statements - idle.statementsPerMs * ms) / count,
    commits: (after.commits - before.commits - idle.commitsPerMs * ms) / count,
  };
}

export interface LatencyPace {
  /** Leads a second. */
  perSecond: number;
  seconds: number;
  runs: number;
}

export interface LatencyResult extends LatencyPace {
  /** In all runs. */
  leads: number;
  /** From the webhook's receipt to the lead's rep, in milliseconds, over the runs. */
  p50Ms: Spread;
  p95Ms: Spread;
  p99Ms: Spread;
  /** From the start of a workflow with one empty activity to that having run, at the same pace on the same server. */
  floor: { p50Ms: Spread; p95Ms: Spread };
  /** The medians of a lead's way, in its order. */
  stretches: { what: string; ms: number }[];
}

/** Lets people ask at a pace, whether those before them are done or not, and in turn starts as many empty workflows at it. */
export async function measureLatency(pace: LatencyPace, log: Log): Promise<LatencyResult> {
  const { perSecond, seconds, runs } = pace;
  const stack = await startLeadsStack(log);
  const { temporal, temporalAddress: address } = stack.system;
  const floor = await startFloor(temporal, { address, namespace: temporal.options.namespace });
  const measure = async (): Promise<LatencyResult> => {
    await stack.ask(WARM_UP, null);
    await floor.measure(WARM_UP);
    const found = { leads: [] as number[][], floor: [] as number[][] };
    const courses: Stretch[][] = [];
    for (let run = 1; run <= runs; run += 1) {
      const floorMs = await floor.pace(perSecond * seconds, perSecond);
      const { leads } = await stack.ask(perSecond * seconds, perSecond);
      const tookMs = leads.map(({ receivedAt, assignedAt }) => assignedAt.getTime() - receivedAt.getTime());
      for (const lead of leads) courses.push((await readCourse(temporal, lead)).stretches);
      log(`run ${run}: p95 ${quantile(tookMs, 0.95).toFixed(0)} ms, floor ${quantile(floorMs, 0.95).toFixed(0)} ms`);
      found.leads.push(tookMs);
      found.floor.push(floorMs);
    }
    const names = [...new Set(courses.flatMap((course) => course.map(({ what }) => what)))];
    const stretches = names.map((what) => {
      const times = courses.flatMap((course) => course.filter((each) => each.what === what).map(({ ms }) => ms));
      return { what, ms: quantile(times, 0.5) };
    });
    const over = (all: number[][], share: number): Spread => spread(all.map((each) => quantile(each, share)));
    return {
      ...pace,
      leads: found.leads.flat().length,
      p50Ms: over(found.leads, 0.5),
      p95Ms: over(found.leads, 0.95),
      p99Ms: over(found.leads, 0.99),
      floor: { p50Ms: over(found.floor, 0.5), p95Ms: over(found.floor, 0.95) },
      stretches,
    };
  };
  try {
    return await Promise.race([measure(), stack.failed]);
  } finally {
    await floor.stop();
    await stack.stop();
  }
}
