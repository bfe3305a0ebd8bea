import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { completeSecrets } from '../config.ts';

const fileSchema = z.record(z.string(), z.string());

/** What decides which system a command works on: taken together from one place, or not at all. */
const IDENTITY = ['DATABASE_URL', 'DATABASE_OWNER_URL', 'TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE', 'ENCRYPTION_KEYS'];

export interface OperatorEnvironment {
  variables: Record<string, string>;
  /** Says where the running stack's file was looked for and why it was not used; for when something is missing. */
  hint: string;
}

/** The file that a running `npm start` leaves cannot be read. */
export class EnvironmentFileError extends Error {
  readonly code = 'EnvironmentFile';
  constructor(file: string) {
    super(`${file} cannot be read as the environment of the local stack: run npm start again, or set the variables.`);
    this.name = 'EnvironmentFileError';
  }
}

/**
 * Completes the environment from the file that `npm start` writes, so that an operator beside it types no variables.
 * When one of the variables that name the system is set to something else, the file is left alone: the keys of one
 * system must not seal what belongs to another.
 * @param folder what a relative SWITCHYARD_DATA_DIR is relative to
 * @throws EnvironmentFileError; ConfigError for a secret's file that cannot be read
 */
export async function completeEnvironment(given: NodeJS.ProcessEnv, folder: string): Promise<OperatorEnvironment> {
  const set = completeSecrets(given);
  const file = resolve(folder, set['SWITCHYARD_DATA_DIR'] ?? '.switchyard', 'environment.json');
  const stored = await readEnvironmentFile(file);
  if (stored === undefined) {
    return { variables: set, hint: `Start the local stack (npm start), or set the variables: there is no ${file}.` };
  }
  const other = IDENTITY.find((name) => set[name] !== undefined && set[name] !== stored[name]);
  if (other !== undefined) {
    return { variables: set, hint: `${file} was not used, because ${other} is set to another system.` };
  }
  return { variables: { ...stored, ...set }, hint: `The rest came from ${file}.` };
}

async function readEnvironmentFile(file: string): Promise<Record<string, string> | undefined> {
  try {
    return fileSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new EnvironmentFileError(file);
  }
}
