import { relative, sep } from 'node:path';

export type Needs = { postgres: boolean; temporal: boolean };

const NOTHING: Needs = { postgres: false, temporal: false };
const EVERYTHING: Needs = { postgres: true, temporal: true };

/** What the tests of a folder talk to. A folder that is not named here gets everything. */
const NEEDS_BY_FOLDER: Partial<Record<string, Needs>> = {
  api: { postgres: true, temporal: false },
  bench: NOTHING,
  crypto: NOTHING,
  domain: NOTHING,
  ghl: NOTHING,
  mail: NOTHING,
  ops: NOTHING,
  outbound: NOTHING,
  scripts: NOTHING,
  simulator: NOTHING,
  db: { postgres: true, temporal: false },
  activities: { postgres: true, temporal: false },
};

/**
 * Which servers a run needs, from the test files it will run: a run of domain tests alone starts none.
 * @param files absolute paths
 * @param testFolder the folder whose subfolders are the layers
 */
export function decideNeeds(files: string[], testFolder: string): Needs {
  const needs = files.map((file) => NEEDS_BY_FOLDER[relative(testFolder, file).split(sep)[0] ?? ''] ?? EVERYTHING);
  return { postgres: needs.some((need) => need.postgres), temporal: needs.some((need) => need.temporal) };
}

/** The file filters on vitest's command line. Values of options can be among them; they match no file. */
export function readFilters(argv: string[]): string[] {
  return argv.slice(2).filter((argument) => !argument.startsWith('-') && !['run', 'watch', 'dev'].includes(argument));
}
