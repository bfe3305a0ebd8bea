import { z } from 'zod';
import type { Clock } from './clock.ts';

/** Something the pretended GHL does by itself at a time of its own clock. */
export const jobSchema = z.object({
  id: z.string(),
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
  const jobs = new Map<string, Job>();
  let run: (job: Job) => void = () => undefined;
  let nextAtMs = Infinity;
  let count = 0;
  let timer: NodeJS.Timeout | undefined;

  const arm = (): void => {
    clearTimeout(timer);
    if (nextAtMs === Infinity) return;
    const waitMs = Math.min(Math.max(0, nextAtMs - clock.nowMs()), longestTimerMs);
    timer = setTimeout(settle, waitMs).unref();
  };
  const put = (job: Job): void => {
    jobs.set(job.id, job);
    if (job.atMs >= nextAtMs) return;
    nextAtMs = job.atMs;
    arm();
  };
  const settle = (): void => {
    // A job may add another that is due already; the clock stands still as far as this run is concerned.
    const nowMs = clock.nowMs();
    while (nextAtMs <= nowMs) {
      const due = [...jobs.values()].filter((job) => job.atMs <= nowMs).sort((a, b) => a.atMs - b.atMs);
      nextAtMs = Infinity;
      for (const job of due) if (jobs.delete(job.id)) run(job);
      for (const job of jobs.values()) nextAtMs = Math.min(nextAtMs, job.atMs);
    }
    arm();
  };

  return {
    add(kind, subjectId, delayMs) {
      count += 1;
      put({ id: `${clock.nowMs()}-${count}`, atMs: clock.nowMs() + delayMs, kind, subjectId });
    },
    cancel(subjectId) {
      for (const [id, job] of jobs) if (job.subjectId === subjectId) jobs.delete(id);
    },
    settle,
    list: () => [...jobs.values()],
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
