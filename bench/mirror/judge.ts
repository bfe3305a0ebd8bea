import {
  type Check,
  checkDeletions,
  checkDrift,
  checkGaps,
  compareAll,
  findMissingLeads,
  findRepeatedEffects,
  judgeReport,
  toCheck,
} from './checks.ts';
import { findDoubled } from './comparison.ts';
import type { GapJudgement } from './gaps.ts';
import type { ProofFigures, ProofOutcome, ProofRun } from './run.ts';
import type { ProofStack } from './stack.ts';

export interface ProofResult {
  size: Pick<ProofRun, 'locations' | 'contacts' | 'messages' | 'changes' | 'perSecond'>;
  /** How many times as fast time passed, and what that made of it, in milliseconds. */
  time: { factor: number; rateWindowMs: number; reorderWithinMs: number; outageMs: number };
  figures: ProofFigures & {
    rows: Record<string, number>;
    changes: Record<string, number>;
    webhooks: { made: number; dropped: number; doubled: number; reordered: number };
    calls: number;
    refused: number;
    marks: number;
    untoldNotes: number;
    /** What the sweep before the last one found and repaired. */
    gaps: Omit<GapJudgement, 'missed' | 'unfounded'> & { missed: number; unfounded: number };
  };
  checks: Check[];
}

/** Checks everything that a run has left behind; the last thing it does is a reconciliation that only looks. */
export async function judgeProof(stack: ProofStack, outcome: ProofOutcome, run: ProofRun): Promise<ProofResult> {
  const { world, quiet, report, watched } = outcome;
  const mirror = await compareAll(stack, world, report);
  const doubled = [...(await findDoubled(stack.ownerDb, world.agencyId)), ...(await findRepeatedEffects(stack))];
  const leads = await findMissingLeads(stack, world, report);
  const gaps = await judgeReport(stack, world, report, watched);
  await quiet.askForSweeps(false);
  await quiet.sweepsEnded({ timeoutMs: run.timeoutMs });
  const drift = [];
  for (const location of world.locations) drift.push({ location, drift: await quiet.readDrift(location) });
  const deletions = await checkDeletions(stack, report);
  const limits = await stack.simulator.listLimits();
  const { locations, contacts, messages, changes, perSecond, time } = run;
  const countOf = (fate: 'dropped' | 'doubled' | 'reordered') => report.webhooks.filter((each) => each[fate]).length;
  const fates = { dropped: countOf('dropped'), doubled: countOf('doubled'), reordered: countOf('reordered') };
  const { factor, rateWindowMs, reorderWithinMs, outageMs } = time;
  return {
    size: { locations, contacts, messages, changes, perSecond },
    time: { factor, rateWindowMs, reorderWithinMs, outageMs },
    figures: {
      ...outcome.figures,
      rows: mirror.rows,
      changes: report.counts,
      webhooks: { made: report.webhooks.length, ...fates },
      calls: limits.reduce((sum, { allowed }) => sum + allowed, 0),
      refused: limits.reduce((sum, { refused }) => sum + refused, 0),
      marks: deletions.marks,
      untoldNotes: mirror.untold,
      gaps: { ...gaps, missed: gaps.missed.length, unfounded: gaps.unfounded.length },
    },
    checks: [
      toCheck('the mirror is as GHL is, field by field', mirror.differences),
      toCheck('notes and tasks are as GHL has them wherever an event told of them', mirror.told),
      toCheck('nothing is there twice, and no effect was repeated', doubled),
      toCheck('every new contact of the intake account is a lead', leads),
      deletions.check,
      checkDrift(drift),
      ...checkGaps(gaps),
    ],
  };
}

/** The lines that tell a run's figures, then each check with what is wrong. */
export function describeProof({ size, time, figures, checks }: ProofResult): string[] {
  const { gaps, webhooks } = figures;
  const list = (counts: Record<string, number>): string =>
    Object.entries(counts)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ');
  return [
    `${size.locations} locations × ${size.contacts} contacts, ${size.messages} messages; time ${time.factor} times as fast:`,
    `  GHL's window ${time.rateWindowMs} ms, webhooks within ${time.reorderWithinMs} ms, outage ${time.outageMs} ms`,
    `rows: ${list(figures.rows)}`,
    `changes: ${list(figures.changes)}`,
    `webhooks: ${webhooks.made}, of them ${webhooks.dropped} dropped, ${webhooks.doubled} doubled, ${webhooks.reordered} overtaken`,
    `calls: ${figures.calls}, refused with 429: ${figures.refused}; marked deleted: ${figures.marks}`,
    `seconds: ${figures.fillSeconds.toFixed(0)} to fill, ${figures.liveSeconds.toFixed(0)} live, ${figures.quietSeconds.toFixed(0)} until quiet`,
    `gaps: ${gaps.named} of ${gaps.dropped} dropped are named, ${gaps.missed} missed; excused: ${list(gaps.excused)}`,
    `  ${gaps.silent} of changes that GHL sends no event of, ${gaps.unfounded} of nothing`,
    `notes and tasks whose only event was lost, or that have none: ${figures.untoldNotes}`,
    `worker: at most ${figures.workerMemoryMiB.toFixed(0)} MiB`,
    ...checks.flatMap(({ what, passed, problems }) => [
      `${passed ? 'ok    ' : 'FAILED'}  ${what}`,
      ...problems.map((problem) => `          ${problem}`),
    ]),
  ];
}
