import { relative, sep } from 'node:path';

/** `programs`: what is started as processes of their own, compiled. */
export type Needs = { postgres: boolean; temporal: boolean; programs: boolean };

const NOTHING: Needs = { postgres: false, temporal: false, programs: false };
const POSTGRES: Needs = { ...NOTHING, postgres: true };
const SERVERS: Needs = { ...POSTGRES, temporal: true };
const PROGRAMS: Needs = { ...NOTHING, programs: true };
const EVERYTHING: Needs = { ...SERVERS, programs: true };

/** What the tests of a folder talk to. A folder that is not named here gets everything. */
const NEEDS_BY_FOLDER: Partial<Record<string, Needs>> = {
  api: POSTGRES,
  bench: NOTHING,
  crypto: NOTHING,
  domain: NOTHING,
  ghl: NOTHING,
  mail: NOTHING,
  ops: NOTHING,
  outbound: NOTHING,
  scripts: NOTHING,
  simulator: PROGRAMS,
  db: POSTGRES,
  activities: POSTGRES,
  cli: EVERYTHING,
  client: SERVERS,
  replay: SERVERS,
  worker: EVERYTHING,
  workflows: SERVERS,
};

/**
 * Which servers a run needs, from the test files it will run: a run of domain tests alone starts none.
 * @param files absolute paths
 * @param testFolder the folder whose subfolders are the layers
 */
export function decideNeeds(files: string[], testFolder: string): Needs {
  const needs = files.map((file) => NEEDS_BY_FOLDER[relative(testFolder, file).split(sep)[0] ?? ''] ?? EVERYTHING);
  const some = (what: keyof Needs): boolean => needs.some((need) => need[what]);
  return { postgres: some('postgres'), temporal: some('temporal'), programs: some('programs') };
}

/** The file filters on vitest's command line. Values of options can be among them; they match no file. */
export function readFilters(argv: string[]): string[] {
  return argv.slice(2).filter((argument) => !argument.startsWith('-') && !['run', 'watch', 'dev'].includes(argument));
}
