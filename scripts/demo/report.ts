import { describeExpected } from './check-leads.ts';
import { KINDS, type SampleKind } from './sample-lead.ts';
import type { Result } from './results.ts';

/** Sets cells in columns; numbers to the right. */
function table(heads: string[], rows: (string | number)[][]): string[] {
  const lines = [heads, ...rows];
  const widths = heads.map((_, column) => Math.max(...lines.map((line) => String(line[column] ?? '').length)));
  return lines.map((line) =>
    line
      .map((cell, column) => {
        const isNumber = rows.every((row) => typeof row[column] === 'number' || row[column] === '');
        const width = widths[column] ?? 0;
        return isNumber ? String(cell).padStart(width) : String(cell).padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}

/** One line for each kind of lead: how many were sent, and how many ended where they have to. */
export function tableOfKinds(results: readonly Result[]): string[] {
  const rows = (Object.keys(KINDS) as SampleKind[]).map((kind) => {
    const ofKind = results.filter(({ sample }) => sample.kind === kind);
    const right = ofKind.filter(({ problems }) => problems.length === 0).length;
    return [KINDS[kind], ofKind.length, right, ofKind.length - right];
  });
  return table(['what the lead shows', 'sent', 'right', 'wrong'], rows);
}

const SHOWN: SampleKind[] = [
  'ordinary',
  'next-nearest',
  'region-no-room',
  'region-out-of-reach',
  'master-queue',
  'bad-postcode',
  'wrong-vertical',
  'not-live',
  'two-sources',
  'signal',
  'workflow',
  'api',
];

/** A few leads, one for each of the kinds that tell most. */
export function tableOfExamples(results: readonly Result[]): string[] {
  const rows = SHOWN.flatMap((kind) => {
    const result = results.find(
      ({ sample, seen }) => sample.kind === kind && seen !== undefined && seen.state !== 'closed',
    );
    if (result?.seen === undefined) return [];
    const { sample, seen } = result;
    const by = sample.door.by === 'webhook' ? `webhook, ${sample.door.account}` : sample.door.by;
    const rep = seen.rep?.split('-').at(-1) ?? '';
    return [[kind, by, seen.location ?? '', rep, seen.reason ?? '', msToAssigned(result) ?? '']];
  });
  return table(['lead', 'came by', 'went to', 'rep', 'why', 'ms to rep'], rows);
}

/** Every lead that did not end where it has to. */
export function listWrong(results: readonly Result[]): string[] {
  return results
    .filter(({ problems }) => problems.length > 0)
    .flatMap(({ sample, problems }) => [
      `${sample.key} ${sample.kind}: expected ${describeExpected(sample)}`,
      ...problems.map((problem) => `  ${problem}`),
    ]);
}

/** How long leads by webhook took from their receipt to their rep, half of them and 95 in 100 at most. */
export function summariseTimes(results: readonly Result[]): string {
  const times = results
    .filter(({ sample }) => sample.door.by === 'webhook' && sample.then === undefined)
    .flatMap((result) => msToAssigned(result) ?? [])
    .sort((a, b) => a - b);
  const percentile = (share: number): number => times[Math.max(0, Math.ceil(times.length * share) - 1)] ?? 0;
  return `webhook to rep: p50 ${percentile(0.5)} ms, p95 ${percentile(0.95)} ms, over ${times.length} leads`;
}

function msToAssigned({ seen }: Result): number | undefined {
  return seen?.assignedAt ? seen.assignedAt.getTime() - seen.receivedAt.getTime() : undefined;
}
