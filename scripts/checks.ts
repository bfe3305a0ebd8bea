import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** One thing that must hold of the repository. */
export interface Check {
  title: string;
  /** A program in node_modules/.bin. */
  program: string;
  args: string[];
}

const root = join(import.meta.dirname, '..');
const NOT_LAYERS = ['node_modules', 'dist', 'docs'];

/** The folders and entry files that the layout's arrows are drawn between. */
export function listSources(): string[] {
  const entries = readdirSync(root, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  const layers = folders.map((entry) => entry.name).filter((name) => !NOT_LAYERS.includes(name));
  return [...layers, ...['client.ts', 'config.ts', 'worker.ts'].filter((file) => existsSync(join(root, file)))];
}

/** What was found formatted is looked at again only when its content, or prettier, is another. */
const REMEMBERED = ['--cache', '--cache-strategy', 'content', '--cache-location', '.switchyard/formatted.json'];

/** The checks that need no server. */
export const listStaticChecks = (): Check[] => [
  {
    title: 'format (prettier)',
    program: 'prettier',
    args: ['--check', '--log-level', 'warn', ...REMEMBERED, '.'],
  },
  { title: 'types and lint (oxlint)', program: 'oxlint', args: [] },
  {
    title: 'arrows between layers, and their picture (dependency-cruiser)',
    program: 'tsx',
    args: ['scripts/draw-architecture.ts', '--check'],
  },
  { title: 'unused code (knip)', program: 'knip', args: [] },
];

/**
 * Whether anything that the tests used can be read in what the system said meanwhile.
 * @param folder where the tests have left both
 * @param isWhole whether all tests ran
 */
export const searchForLeaks = (folder: string, isWhole: boolean): Check => ({
  title: 'no token, phone, e-mail or name in logs, errors, metrics and histories',
  program: 'tsx',
  args: ['test/leaks/main.ts', folder, ...(isWhole ? ['whole'] : [])],
});
