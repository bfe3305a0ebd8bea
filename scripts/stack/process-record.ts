import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Log } from './progress.ts';

const runFile = promisify(execFile);

const recordSchema = z.object({ pid: z.int().positive(), startedAt: z.string().min(1), signal: z.string() });

/** A process id alone is reused by the system; together with the start time it names one process. */
export type ProcessIdentity = { pid: number; startedAt: string };

/** Slim Linux images have no ps. The field numbers are those of proc_pid_stat(5): 3 is the state, 22 the start time. */
async function askProc(pid: number, columns: string[]): Promise<string | undefined> {
  try {
    if (columns.includes('command'))
      return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ').trim();
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return `${fields[0]} clock tick ${fields[19]}`;
  } catch {
    return undefined;
  }
}

async function askPs(pid: number, columns: string[]): Promise<string | undefined> {
  const args = ['-ww', ...columns.flatMap((column) => ['-o', `${column}=`]), '-p', String(pid)];
  try {
    const { stdout } = await runFile('ps', args, { env: { ...process.env, LC_ALL: 'C' } });
    return stdout.trim() || undefined;
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return isMissing ? askProc(pid, columns) : undefined;
  }
}

/** When the process started, as the system words it; undefined when none with this id runs. */
export async function findStartTime(pid: number): Promise<string | undefined> {
  const answer = await askPs(pid, ['stat', 'lstart']);
  // Z: it has ended and waits for its parent to notice.
  return answer?.startsWith('Z') ? undefined : answer?.replace(/^\S+\s+/, '');
}

/** The command line of a process; undefined when there is none with this id. */
export const findCommandLine = (pid: number): Promise<string | undefined> => askPs(pid, ['command']);

/** Whether exactly this process still runs. */
export async function isSameProcess(identity: ProcessIdentity): Promise<boolean> {
  return (await findStartTime(identity.pid)) === identity.startedAt;
}

/** Notes a process in `folder`, for the next start to find when this one is killed. Returns what removes the note. */
export async function recordProcess(
  folder: string,
  name: string,
  pid: number,
  signal: NodeJS.Signals,
): Promise<() => Promise<void>> {
  const startedAt = await findStartTime(pid);
  const file = join(folder, `${name}.json`);
  if (startedAt === undefined) return async () => {};
  await mkdir(folder, { recursive: true });
  await writeFile(file, JSON.stringify({ pid, startedAt, signal }));
  return () => rm(file, { force: true });
}

/**
 * Ends a process: the signal, then SIGKILL when it has not ended after `timeoutMs`.
 * @returns false when it could not be ended, for example because it belongs to another user
 */
export async function endProcess(identity: ProcessIdentity, signal: string, timeoutMs: number): Promise<boolean> {
  for (const attempt of [signal, 'SIGKILL']) {
    try {
      process.kill(identity.pid, attempt);
    } catch {
      return !(await isSameProcess(identity));
    }
    const deadline = Date.now() + timeoutMs;
    while (Date.now() < deadline) {
      if (!(await isSameProcess(identity))) return true;
      await delay(100);
    }
  }
  return false;
}

async function readRecord(file: string): Promise<z.infer<typeof recordSchema> | undefined> {
  try {
    return recordSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    // We were killed while it was being written.
    return undefined;
  }
}

async function endLeftover(file: string, log: Log): Promise<void> {
  const record = await readRecord(file);
  if (record && (await isSameProcess(record))) {
    log(`stopping ${basename(file, '.json')} (process ${record.pid}), left over from a run that was killed`);
    await endProcess(record, record.signal, 10_000);
  }
  await rm(file, { force: true });
}

/** Ends what an earlier run that was killed left running, as far as its notes in `folder` tell. */
export async function endLeftovers(folder: string, log: Log): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const notes = names.filter((name) => name.endsWith('.json'));
  await Promise.all(notes.map((name) => endLeftover(join(folder, name), log)));
}
