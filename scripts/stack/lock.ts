import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
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

const isAlreadyThere = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EEXIST';

async function readHolder(file: string): Promise<ProcessIdentity | undefined> {
  try {
    return holderSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
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
  try {
    for (;;) {
      try {
        // A link appears whole or not at all: nobody reads a half-written lock.
        await link(draft, file);
        return () => rm(file, { force: true });
      } catch (error) {
        if (!isAlreadyThere(error)) throw error;
      }
      const holder = await readHolder(file);
      if (holder && (await isSameProcess(holder))) throw new LockHeldError(holder, file);
      await rm(file, { force: true });
    }
  } finally {
    await rm(draft, { force: true });
  }
}
