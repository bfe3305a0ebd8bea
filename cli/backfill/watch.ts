import { setTimeout as sleep } from 'node:timers/promises';
import { inAgency } from '../command.ts';
import type { Session } from '../session.ts';
import { formatSeconds, getShownRun, type ShownRun } from './view.ts';

const LOOK_MS = 1_000;
const WIDTH = 30;

/** Shows how far a run is until it ends: a bar that moves on a terminal, lines elsewhere. @returns how it ended */
export async function watchRun(session: Session, agencyId: string, runId: string): Promise<ShownRun> {
  const { terminal } = session;
  let shown = '';
  for (;;) {
    const run = await inAgency(session, agencyId, (tx) => getShownRun(tx, runId));
    const line = drawBar(run);
    if (line !== shown) terminal.writeError(terminal.isInteractive ? `\r\u001b[K${line}` : `${line}\n`);
    shown = line;
    if (run.endedAt !== null) {
      if (terminal.isInteractive) terminal.writeError('\n');
      return run;
    }
    await sleep(LOOK_MS);
  }
}

/** One line: a bar, what is done of the steps that run, how fast, and how long they take. */
export function drawBar({ state, progress, parts }: Pick<ShownRun, 'state' | 'progress' | 'parts'>): string {
  const { done, total, ratePerSecond, secondsLeft } = progress;
  const running = parts.filter((part) => part.state === 'running');
  const ofSteps = total === null || total === 0 ? 0 : Math.min(1, done / total);
  const ended =
    progress.parts.total === 0 ? 1 : (progress.parts.ended + ofSteps * running.length) / progress.parts.total;
  const full = Math.min(WIDTH, Math.floor(ended * WIDTH));
  const steps = [...new Set(running.map(({ step }) => step ?? 'start'))].join(', ');
  return [
    `[${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}]`,
    state,
    `${progress.parts.ended}/${progress.parts.total} parts`,
    ...(running.length > 0 ? [`${steps} ${done}/${total ?? '?'}`] : []),
    ...(ratePerSecond === null ? [] : [`${ratePerSecond}/s`]),
    ...(secondsLeft === null ? [] : [`${formatSeconds(secondsLeft)} left`]),
  ].join('  ');
}
