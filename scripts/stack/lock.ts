import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { findStartTime, isSameProcess, type ProcessIdentity } from './process-record.ts';

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

/** Two processes may find the same abandoned lock: whoever comes second must not remove the lock of the first. */
async function removeAbandoned(file: string, text: string): Promise<void> {
  const aside = `${file}.${process.pid}.old`;
  try {
    await rename(file, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  if ((await readFile(aside, 'utf8')) !== text) await link(aside, file).catch(() => {});
  await rm(aside, { force: true });
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
  try {
    for (;;) {
      try {
        // A link appears whole or not at all: nobody reads a half-written lock.
        await link(draft, file);
        return () => rm(file, { force: true });
      } catch (error) {
        if (!hasCode(error, 'EEXIST')) throw error;
      }
      const text = await readIfThere(file);
      if (text === undefined) continue;
      const holder = parseHolder(text);
      if (holder && (await isSameProcess(holder))) throw new LockHeldError(holder, file);
      await removeAbandoned(file, text);
    }
  } finally {
    await rm(draft, { force: true });
  }
}
