import { spawn } from 'node:child_process';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { guardProcessGroup } from './guardian.ts';
import { recordProcess } from './process-record.ts';

export interface ProcessOptions {
  /** What it is called in messages, for example "Temporal". */
  name: string;
  command: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Where everything it prints goes; what was there is overwritten. */
  logFile: string;
  /** Folder for the note by which the next start finds it, should this process be killed. */
  recordFolder: string;
  /** The signal that asks it to stop; SIGTERM by default. */
  stopSignal?: NodeJS.Signals;
  /** How long it may take to stop before SIGKILL. */
  stopTimeoutMs?: number;
}

export interface RunningProcess {
  name: string;
  pid: number;
  logFile: string;
  /** Settles when the process has ended, whoever ended it; never rejects. */
  ended: Promise<ProcessEnd>;
  /** Whether `stop` was called: an end after it is no surprise. */
  isStopping: () => boolean;
  stop: () => Promise<void>;
}

export type ProcessEnd = { code: number | null; signal: NodeJS.Signals | null };

/** A process could not be started, or ended although nobody asked it to; carries the end of its log. */
export class ProcessEndedError extends Error {
  readonly code = 'ProcessEnded';
  constructor(name: string, end: ProcessEnd | Error, logFile: string, tail: string) {
    const how =
      end instanceof Error
        ? `could not be started: ${end.message}`
        : `ended unexpectedly (${end.signal ?? `exit code ${end.code ?? '?'}`})`;
    const indented = tail === '' ? '' : `\n${tail.replace(/^/gm, '  | ')}`;
    super(`${name} ${how}. Its log is ${logFile}${indented}`);
    this.name = 'ProcessEndedError';
  }
}

/** The last lines of a log; empty when there is none. */
export async function readLogTail(logFile: string, lineCount = 20): Promise<string> {
  const text = await readFile(logFile, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-lineCount).join('\n');
}

/** Rejects with the end of the log as soon as the process ends without having been asked to; else never settles. */
export async function watchForUnexpectedEnd(child: RunningProcess): Promise<never> {
  const end = await child.ended;
  if (child.isStopping()) return new Promise<never>(() => {});
  throw new ProcessEndedError(child.name, end, child.logFile, await readLogTail(child.logFile));
}

/**
 * Starts a process in a process group of its own, so that Ctrl-C in the terminal reaches only us and we stop what we
 * started in the right order. It ends with us, however we end.
 * @throws ProcessEndedError when the command cannot be started
 */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const { name, logFile } = options;
  const stopSignal = options.stopSignal ?? 'SIGTERM';
  await mkdir(dirname(logFile), { recursive: true });
  const log = await open(logFile, 'w', 0o600);
  try {
    const child = spawn(options.command, options.args, {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: options.env ?? process.env,
      cwd: options.cwd,
    });
    const ended = new Promise<ProcessEnd>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
    const pid = await new Promise<number>((resolve, reject) => {
      child.once('error', (error) => reject(new ProcessEndedError(name, error, logFile, '')));
      child.once('spawn', () => resolve(child.pid!));
    });
    child.on('error', () => {});
    const forget = guardProcessGroup(pid, stopSignal);
    const removeRecord = await recordProcess(options.recordFolder, fileNameOf(name), pid, stopSignal);
    let stopping = false;
    const closed = ended.then(async (end) => {
      forget();
      await removeRecord();
      return end;
    });
    return {
      name,
      pid,
      logFile,
      ended: closed,
      isStopping: () => stopping,
      stop: async () => {
        stopping = true;
        signalGroup(pid, stopSignal);
        const timer = new AbortController();
        const overdue = delay(options.stopTimeoutMs ?? 10_000, undefined, { signal: timer.signal }).then(
          () => signalGroup(pid, 'SIGKILL'),
          () => {},
        );
        await Promise.race([closed, overdue]);
        await closed;
        timer.abort();
      },
    };
  } finally {
    await log.close();
  }
}

const fileNameOf = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended already, which is what was asked for.
  }
}
