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

/** Whose child a process is and what CPU time it has used, its ended children's included, from Linux' `/proc/<pid>/stat`. */
export function readProcessTimes(stat: string): { parentPid: number; cpuSeconds: number } {
  // The name stands in brackets and may hold blanks and brackets itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).reduce((sum, each) => sum + Number(each), 0);
  return { parentPid: Number(fields[1]), cpuSeconds: ticks / TICKS_PER_SECOND };
}

/**
 * CPU seconds that a Postgres on this machine has used since its start, all its processes together.
 * @returns null where the system has no `/proc` to tell
 */
export async function readPostgresCpu(db: Kysely<Database>): Promise<number | null> {
  const { pid } = (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db)).rows[0]!;
  const timesOf = async (each: number | string) => {
    const stat = await readFile(`/proc/${each}/stat`, 'utf8').catch(() => null);
    return stat === null ? null : readProcessTimes(stat);
  };
  const own = await timesOf(pid);
  if (own === null) return null;
  const server = await timesOf(own.parentPid);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const all = await Promise.all(pids.map(timesOf));
  const children = all.filter((each) => each?.parentPid === own.parentPid);
  return children.reduce((sum, each) => sum + each!.cpuSeconds, server?.cpuSeconds ?? 0);
}
