import { readdir, readFile } from 'node:fs/promises';
import { type Kysely, sql } from 'kysely';
import type { Database } from '../db/schema.ts';

/** What a process has used since its start. */
export interface Usage {
  cpuSeconds: number;
  /** Resident, now. */
  memoryMiB: number;
}

const MIB = 1_048_576;
/** Linux counts CPU time for its readers in hundredths of a second on every machine. */
const TICKS_PER_SECOND = 100;

/** Of this process. */
export function readUsage(): Usage {
  const { user, system } = process.cpuUsage();
  return { cpuSeconds: (user + system) / 1e6, memoryMiB: Math.round(process.memoryUsage.rss() / MIB) };
}

/** Resident memory of a process of this machine in MiB; not a number where the system has no `/proc` to tell. */
export async function readResidentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) / 1_024;
}

/** What Linux' `/proc/<pid>/stat` tells of a process: whose child it is, and CPU time of its own and of its ended children. */
export function readProcessTimes(stat: string): { parentPid: number; ownSeconds: number; endedSeconds: number } {
  // The name stands in brackets and may hold blanks and brackets itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const seconds = (from: number): number => (Number(fields[from]) + Number(fields[from + 1])) / TICKS_PER_SECOND;
  return { parentPid: Number(fields[1]), ownSeconds: seconds(11), endedSeconds: seconds(13) };
}

/**
 * CPU seconds that a Postgres on this machine has used since its start, all its processes together.
 * @returns null where the system has no `/proc` to tell
 */
export async function readPostgresCpu(db: Kysely<Database>): Promise<number | null> {
  const { pid } = (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db)).rows[0]!;
  const own = await timesOf(pid);
  if (own === null) return null;
  for (;;) {
    const before = await timesOf(own.parentPid);
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const all = await Promise.all(pids.map(timesOf));
    const after = await timesOf(own.parentPid);
    if (before === null || after === null) return null;
    // What ended meanwhile would be missing here and there, or be counted in both.
    if (before.endedSeconds !== after.endedSeconds) continue;
    const children = all.filter((each) => each?.parentPid === own.parentPid);
    return children.reduce((sum, each) => sum + each!.ownSeconds, after.ownSeconds + after.endedSeconds);
  }
}

/** CPU seconds of the processes that this one has started and that run, by what stands in their command lines; 0 where it stands in none. */
export async function readCpuOfChildren<Name extends string>(
  marks: Record<Name, string>,
): Promise<Record<Name, number>> {
  const found = Object.fromEntries(Object.keys(marks).map((name) => [name, 0])) as Record<Name, number>;
  for (const pid of (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))) {
    const times = await timesOf(pid);
    if (times?.parentPid !== process.pid) continue;
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    for (const [name, mark] of Object.entries<string>(marks))
      if (line.includes(mark)) found[name as Name] += times.ownSeconds + times.endedSeconds;
  }
  return found;
}

/** CPU seconds of a process of this machine, and of the one thread its JavaScript runs on. */
export interface ProcessCpu {
  cpuSeconds: number;
  mainThreadSeconds: number;
}

/** What a process of this machine has used since its start; not numbers where the system has no `/proc` to tell. */
export async function readProcessCpu(pid: number): Promise<ProcessCpu> {
  const [all, mainThread] = await Promise.all([timesOf(pid), timesOf(`${pid}/task/${pid}`)]);
  return { cpuSeconds: all?.ownSeconds ?? Number.NaN, mainThreadSeconds: mainThread?.ownSeconds ?? Number.NaN };
}

async function timesOf(pid: number | string) {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return stat === null ? null : readProcessTimes(stat);
}
