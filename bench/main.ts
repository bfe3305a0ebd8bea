import { writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { backfillCases, measureBackfill } from './backfill.ts';
import { checkBackfill, describeBackfill } from './backfill-report.ts';
import { BURST_CASES, measureBursts } from './burst.ts';
import { checkBursts, describeBursts } from './burst-report.ts';
import { BUDGET_CASES, measureBudget } from './budget.ts';
import { checkBudget, describeBudget } from './budget-report.ts';
import { measureIntake } from './intake.ts';
import { checkIntake, describeIntake } from './intake-report.ts';
import { measureLatency, measureLeads } from './leads.ts';
import { checkLatency, checkLeads, describeLatency, describeLeads } from './leads-report.ts';
import { checkReconcile, describeReconcile } from './reconcile-report.ts';
import { measureReconcile, RECONCILE_AIMS } from './reconcile-stack.ts';
import { describeMachine, showMachine } from './machine.ts';
import { measureMirror, type MirrorOptions } from './mirror.ts';
import { describeProof } from './mirror/judge.ts';
import { measureScope, type ScopeResult } from './scope.ts';
import type { Spread } from './spread.ts';
import { checkStart, measureStart } from './start.ts';
import { describeStart } from './start-report.ts';
import { measureUpdates } from './updates.ts';
import { describeUpdates } from './updates-report.ts';

const log = (line: string): void => console.error(line);
const show = ({ median, min, max }: Spread): string => `${median.toFixed(3)} (${min.toFixed(3)} to ${max.toFixed(3)})`;

function readCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('a whole number from 1 on is needed');
  return count;
}

async function report(results: ScopeResult[], file: string | undefined): Promise<void> {
  console.log('median of the runs, and the lowest and highest, in ms');
  console.log(`${'way'.padEnd(31)}${'p50'.padEnd(26)}p99`);
  for (const { way, p50Ms, p99Ms } of results) console.log(`${way.padEnd(31)}${show(p50Ms).padEnd(26)}${show(p99Ms)}`);
  await tellMachine({ results }, file);
}

/** On what it was measured, for whoever reads it and in the file, where one is wanted. */
async function tellMachine(result: object, file: string | undefined): Promise<void> {
  const machine = await describeMachine(log);
  console.log(showMachine(machine));
  if (file !== undefined) await writeFile(file, `${JSON.stringify({ ...machine, ...result }, null, 2)}\n`);
}

interface Check {
  passed: boolean;
}

/** Prints what was found, writes it as JSON where that is wanted, and ends with 1 when a check failed. */
async function conclude(
  lines: readonly string[],
  checks: readonly Check[],
  result: object,
  file: string | undefined,
): Promise<void> {
  for (const line of lines) console.log(line);
  await tellMachine(result, file);
  if (checks.some(({ passed }) => !passed)) process.exitCode = 1;
}

const program = new Command('bench').description('Measures what design decisions cost on this machine.');
program
  .command('scope')
  .description('a scoped transaction against a plain query')
  .option('--json <file>', 'write the figures there as well')
  .action(async ({ json }: { json?: string }) => report(await measureScope(log), json));

program
  .command('updates')
  .description('updates of old customers: none may become a lead or wait in a queue')
  .option('--count <number>', 'how many different updates', readCount, 50_000)
  .option('--json <file>', 'write the figures there as well')
  .action(async ({ count, json }: { count: number; json?: string }) => {
    const result = await measureUpdates(count, log);
    await conclude(describeUpdates(result), result.checks, result, json);
  });

program
  .command('start')
  .description('time and disk of `npm start` in a fresh clone, the first and the second time')
  .option('--tests', 'of `npm test` as well')
  .option('--json <file>', 'write the figures there as well')
  .action(async ({ tests, json }: { tests?: true; json?: string }) => {
    const runs = await measureStart(tests === true, log);
    await conclude(describeStart(runs), checkStart(runs), { runs }, json);
  });

program
  .command('gateway')
  .description('four processes call three locations of GHL as hard as they may: no 429, and little left unused')
  .option('--seconds <number>', 'how long each case runs', readCount, 60)
  .option('--json <file>', 'write the figures there as well')
  .action(async ({ seconds, json }: { seconds: number; json?: string }) => {
    const results = await measureBudget(BUDGET_CASES, seconds, log);
    await conclude(describeBudget(results), checkBudget(results), { results }, json);
  });

program
  .command('backfill')
  .description('a location into the mirror: calls beside what the budget allows, and rows a second without a limit')
  .option('--contacts <number>', 'how many, where nothing limits it', readCount, 50_000)
  .option('--unlimited', 'only the run that nothing limits')
  .option('--json <file>', 'write the figures there as well')
  .action(async ({ contacts, unlimited, json }: { contacts: number; unlimited?: true; json?: string }) => {
    const cases = backfillCases(contacts).filter(({ limit }) => unlimited !== true || limit === null);
    const results = await measureBackfill(cases, log);
    await conclude(describeBackfill(results), checkBackfill(results), { results }, json);
  });

program
  .command('burst')
  .description('what 100 events of GHL cost: calls, workflows, transactions, and the time until the mirror is current')
  .option('--json <file>', 'write the figures there as well')
  .action(async ({ json }: { json?: string }) => {
    const results = await measureBursts(BURST_CASES, log);
    await conclude(describeBursts(results), checkBursts(results), { results }, json);
  });

program
  .command('intake')
  .description('webhooks a second in a fixed mix, beside a route that only verifies and inserts')
  .option('--deliveries <number>', 'how many in each run', readCount, 10_000)
  .option('--runs <number>', 'how many runs', readCount, 3)
  .option('--minutes <number>', 'how long memory is watched under load afterwards', readCount)
  .option('--json <file>', 'write the figures there as well')
  .action(async (given: { deliveries: number; runs: number; minutes?: number; json?: string }) => {
    const { deliveries, runs, minutes = 0, json } = given;
    const result = await measureIntake(deliveries, runs, minutes, log);
    await conclude(describeIntake(result), checkIntake(result), result, json);
  });

program
  .command('leads')
  .description('leads a second from webhook to rep, beside workflows with one empty step on the same server')
  .option('--leads <number>', 'how many in each run', readCount, 200)
  .option('--runs <number>', 'how many runs', readCount, 3)
  .option('--json <file>', 'write the figures there as well')
  .action(async ({ leads, runs, json }: { leads: number; runs: number; json?: string }) => {
    const result = await measureLeads(leads, runs, log);
    await conclude(describeLeads(result), checkLeads(result), result, json);
  });

program
  .command('latency')
  .description(
    'how long a lead takes from webhook to rep at a steady pace, beside an empty step, and where that time goes',
  )
  .option('--per-second <number>', 'leads a second', readCount, 5)
  .option('--seconds <number>', 'how long each run is', readCount, 60)
  .option('--runs <number>', 'how many runs', readCount, 3)
  .option('--json <file>', 'write the figures there as well')
  .action(async (given: { perSecond: number; seconds: number; runs: number; json?: string }) => {
    const { json, ...pace } = given;
    const result = await measureLatency(pace, log);
    await conclude(describeLatency(result), checkLatency(result), result, json);
  });

program
  .command('reconcile')
  .description('an agency of many locations, polled from nothing: within its budgets, busy locations more often')
  .option('--locations <number>', 'how many', readCount, 500)
  .option('--contacts <number>', 'in each; ten times as many in one with live changes', readCount, 20)
  .option('--hot <number>', 'how many of the locations have live changes', readCount, 10)
  .option('--minutes <number>', 'how long it is watched once all were polled', readCount, 8)
  .option('--json <file>', 'write the figures there as well')
  .action(async (given: { locations: number; contacts: number; hot: number; minutes: number; json?: string }) => {
    const { minutes, json, ...shape } = given;
    const result = await measureReconcile(shape, minutes, log);
    await conclude(describeReconcile(result, RECONCILE_AIMS), checkReconcile(result, RECONCILE_AIMS), result, json);
  });

program
  .command('mirror')
  .description('everything that can go wrong between GHL and the mirror, and at the end they are the same')
  .option('--locations <number>', 'how many', readCount, 20)
  .option('--contacts <number>', 'in each location', readCount, 5_000)
  .option('--messages <number>', 'in all', readCount, 200_000)
  .option('--changes <number>', 'live changes once all is in the mirror', readCount, 4_000)
  .option('--per-second <number>', 'live changes a second, in all locations together', readCount, 5)
  .option('--factor <number>', 'how many times as fast as in life time passes', readCount, 30)
  .option('--seed <text>', 'decides people, changes and what is dropped', 'switchyard')
  .option('--timeout-minutes <number>', 'how long anything may be waited for', readCount, 60)
  .option('--json <file>', 'write the figures there as well')
  .action(async ({ json, ...options }: MirrorOptions & { json?: string }) => {
    const result = await measureMirror(options, log);
    await conclude(describeProof(result), result.checks, { ...result, seed: options.seed }, json);
  });

await program.parseAsync();
