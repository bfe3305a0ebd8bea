import { readdir, readFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { describe, expect, it } from 'vitest';
import { readBuildSources, repository } from './compose.ts';

const textOf = (path: string): Promise<string> => readFile(new URL(path, repository), 'utf8');
const include = await readBuildSources();

/** Every source that ends in the image. */
async function listSources(): Promise<string[]> {
  const nested = await Promise.all(
    include.map(async (path) => {
      if (path.endsWith('.ts')) return [path];
      const names = await readdir(new URL(`${path}/`, repository), { recursive: true });
      return names.filter((name) => name.endsWith('.ts')).map((name) => `${path}/${name}`);
    }),
  );
  return nested.flat();
}

describe('the image', () => {
  it('is built from all that the build compiles, and from nothing local', async () => {
    const lines = (await textOf('.dockerignore')).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines[0]).toBe('*');
    const letIn = lines.slice(1).map((line) => line.replace(/^!/, ''));
    expect(letIn).toEqual(expect.arrayContaining([...include, 'scripts', 'package-lock.json', '.npmrc']));
    for (const local of ['.git', '.env', '.switchyard', 'secrets', 'node_modules', 'dist']) {
      expect(letIn).not.toContain(local);
    }
  });

  it('has every library that its programs import', async () => {
    const { dependencies } = JSON.parse(await textOf('package.json')) as { dependencies: Record<string, string> };
    const imported = new Set<string>();
    for (const source of await listSources()) {
      for (const [, name] of (await textOf(source)).matchAll(
        /^(?:import|export|\}) (?!type\b).*from '([^.'][^']*)';$/gm,
      )) {
        if (name!.startsWith('node:') || builtinModules.includes(name!)) continue;
        imported.add(
          name!
            .split('/')
            .slice(0, name!.startsWith('@') ? 2 : 1)
            .join('/'),
        );
      }
    }
    expect(imported.size).toBeGreaterThan(10);
    expect([...imported].filter((name) => !(name in dependencies))).toEqual([]);
  });

  it('runs as nobody special, on the oldest Node.js that is tested, with glibc', async () => {
    const dockerfile = await textOf('Dockerfile');
    expect(dockerfile).toMatch(/^ARG NODE_IMAGE=node:20\.\d+\.\d+-bookworm-slim$/m);
    const last = dockerfile.slice(dockerfile.lastIndexOf('FROM '));
    expect(last).toMatch(/^USER 1000:1000$/m);
    expect(last).toContain('ca-certificates');
    expect(last).not.toMatch(/npm (ci|install|run)/);
  });
});
