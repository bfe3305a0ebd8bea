import { mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { findStartTime, isSameProcess, type ProcessIdentity } from './process-record.ts';

const GUARD_TIMEOUT_MS = 5_000;

const holderSchema = z.object({ pid: z.int().positive(), startedAt: z.string().min(1) });

/** Another process works in the same data folder. */
export class LockHeldError extends Error {
  readonly code = 'LockHeld';
  constructor(holder: ProcessIdentity, file: string) {
    super(
      `This folder's stack is already running (process ${holder.pid}, since ${holder.startedAt}). ` +
        `Stop it with Ctrl-C where it runs, or use another data folder: SWITCHYARD_DATA_DIR=… (lock file: ${file})`,
    );
    this.name = 'LockHeldError';
  }
}

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function parseHolder(text: string): ProcessIdentity | undefined {
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/**
 * Replaces an abandoned lock. Several processes may find it abandoned, so the last look and the replacement happen under
 * a guard; nothing is awaited in between, so that only a loss of power can leave the guard behind.
 * @returns false when another process was quicker
 */
function takeOver(file: string, abandoned: string, draft: string): boolean {
  const guard = `${file}.guard`;
  try {
    mkdirSync(guard);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    const made = statSync(guard, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - made > GUARD_TIMEOUT_MS) rmSync(guard, { recursive: true, force: true });
    return false;
  }
  try {
    if (readFileSync(file, 'utf8') !== abandoned) return false;
    renameSync(draft, file);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  } finally {
    rmdirSync(guard);
  }
}

/**
 * Takes a lock file for this process. One whose holder has ended counts as free.
 * @returns what gives the lock back
 * @throws LockHeldError when a living process holds it
 */
export async function acquireLock(file: string): Promise<() => Promise<void>> {
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, JSON.stringify({ pid: process.pid, startedAt: await findStartTime(process.pid) }));
  const release = (): Promise<void> => rm(file, { force: true });
  try {
    for (;;) {
      try {
        // A link appears whole or not at all: nobody reads a half-written lock.
        await link(draft, file);
        return release;
      } catch (error) {
        if (!hasCode(error, 'EEXIST')) throw error;
      }
      const text = await readIfThere(file);
      if (text === undefined) continue;
      const holder = parseHolder(text);
      if (holder && (await isSameProcess(holder))) throw new LockHeldError(holder, file);
      if (takeOver(file, text, draft)) return release;
      await delay(20);
    }
  } finally {
    await rm(draft, { force: true });
  }
}
