import type { DeliveryFigures } from './deliveries.ts';
import type { UpdatesResult } from './updates.ts';

const describeDeliveries = (what: string, figures: DeliveryFigures): string[] => {
  const { sent, tookSeconds, perSecond, p50Ms, p99Ms, answers } = figures;
  const counted = Object.entries(answers).map(([answer, times]) => `${times} × ${answer}`);
  return [
    `${what}: ${sent} in ${tookSeconds.toFixed(1)} s, ${perSecond.toFixed(0)} a second`,
    `  answer p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms; ${counted.join(', ')}`,
  ];
};

/** The lines that tell a run's figures, then each check. */
export function describeUpdates({ updates, repeats, memoryMiB, checks }: UpdatesResult): string[] {
  const { start, highest, end } = memoryMiB;
  return [
    ...describeDeliveries('updates', updates),
    ...describeDeliveries('repeats', repeats),
    `API memory: ${start.toFixed(0)} MiB at the start, ${highest.toFixed(0)} at most, ${end.toFixed(0)} at the end`,
    ...checks.map(({ what, expected, found, passed }) =>
      passed ? `ok      ${what}: ${found}` : `FAILED  ${what}: ${found} instead of ${expected}`,
    ),
  ];
}
