import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..', '..');

/** What tests start as processes of their own, by the scripts. */
const PROGRAMS = ['api/server.ts', 'cli/main.ts', 'worker.ts', 'simulator/main.ts', 'bench/mirror/worker.ts'] as const;
export type Program = (typeof PROGRAMS)[number];

/**
 * Compiles the programs, each with all of ours that it imports. To start one from its sources costs twice as much, and
 * they are started again and again.
 * @param folder where they go; somewhere below the project's, whose libraries they find
 * @returns the file to run for each
 */
export async function compilePrograms(folder: string): Promise<Record<Program, string>> {
  await build({
    ...{ absWorkingDir: root, entryPoints: [...PROGRAMS], outbase: root, outdir: folder },
    ...{ bundle: true, packages: 'external', splitting: true, format: 'esm', platform: 'node', target: 'node20' },
    ...{ sourcemap: true, logLevel: 'warning' },
  });
  const fileOf = (program: Program): string => join(folder, program.replace(/\.ts$/, '.js'));
  return Object.fromEntries(PROGRAMS.map((program) => [program, fileOf(program)])) as Record<Program, string>;
}
