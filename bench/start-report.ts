import { checkStart, type StartRun } from './start.ts';
import { drawTable } from './table.ts';

export function describeStart(runs: readonly StartRun[]): string[] {
  const rows = runs.map(({ what, seconds, diskMiB }) => [what, seconds.toFixed(0), diskMiB.toFixed(0)]);
  return [
    ...drawTable(['command', 'seconds', 'MiB on disk afterwards'], rows),
    ...checkStart(runs).map(({ what, passed }) => `${passed ? 'yes' : 'NO '}  ${what}`),
  ];
}
