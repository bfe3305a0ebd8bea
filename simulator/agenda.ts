import { z } from 'zod';
import type { Clock } from './clock.ts';

/** Something the pretended GHL does by itself at a time of its own clock. */
export const jobSchema = z.object({
  atMs: z.number(),
  kind: z.enum(['message-send', 'message-settle', 'snapshot-asset']),
  /** The message or the snapshot load that it is about. */
  subjectId: z.string(),
});
export type Job = z.infer<typeof jobSchema>;

/** The longest wait that a timer of Node takes. */
const longestTimerMs = 2 ** 31 - 1;

/** What is to happen later; it survives a restart, and follows the clock when that is moved. */
export interface Agenda {
  /** Adds a job, `delayMs` from now. */
  add(kind: Job['kind'], subjectId: string, delayMs: number): void;
  /** Takes back the jobs about a subject. */
  cancel(subjectId: string): void;
  /** Does at once what is due, in the order of time. */
  settle(): void;
  list(): Job[];
  /** Names what does the jobs, takes in those left over by an earlier run, and begins. */
  start(run: (job: Job) => void, leftover: Job[]): void;
  close(): void;
}

/** Makes an empty agenda. */
export function createAgenda(clock: Clock): Agenda {
  /** In the order of time. */
  let jobs: Job[] = [];
  let run: (job: Job) => void = () => undefined;
  /** While a job runs, the time is the one at which it was due: what it adds follows from there, however late it is. */
  let atMs: number | undefined;
  let timer: NodeJS.Timeout | undefined;

  const arm = (): void => {
    clearTimeout(timer);
    const [next] = jobs;
    if (!next) return;
    const waitMs = Math.min(Math.max(0, next.atMs - clock.nowMs()), longestTimerMs);
    timer = setTimeout(settle, waitMs).unref();
  };
  const put = (job: Job): void => {
    jobs.splice(placeOf(jobs, job.atMs), 0, job);
    if (jobs[0] === job) arm();
  };
  const settle = (): void => {
    const nowMs = clock.nowMs();
    for (let job = jobs[0]; job && job.atMs <= nowMs; job = jobs[0]) {
      jobs.shift();
      atMs = job.atMs;
      try {
        run(job);
      } finally {
        atMs = undefined;
      }
    }
    arm();
  };

  clock.onAdvance(settle);
  return {
    add(kind, subjectId, delayMs) {
      put({ atMs: (atMs ?? clock.nowMs()) + delayMs, kind, subjectId });
    },
    cancel(subjectId) {
      jobs = jobs.filter((job) => job.subjectId !== subjectId);
    },
    settle,
    list: () => [...jobs],
    start(work, leftover) {
      run = work;
      leftover.forEach(put);
      settle();
    },
    close: () => {
      clearTimeout(timer);
    },
  };
}

/** Where a job of this time belongs: after all that are due no later. */
function placeOf(jobs: Job[], atMs: number): number {
  let [from, to] = [0, jobs.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((jobs[middle]?.atMs ?? Infinity) <= atMs) from = middle + 1;
    else to = middle;
  }
  return from;
}
