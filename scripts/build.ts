import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, relative, resolve } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { WORKFLOW_SOURCES } from '../worker/workflow-code.ts';

const root = join(import.meta.dirname, '..');
/** Another folder can be named; what is compiled finds its libraries only below the project's. */
const dist = resolve(root, process.argv[2] ?? 'dist');

/** Compiles to JavaScript that runs without a TypeScript loader, types unchecked. Returns the compiler's exit code. */
async function compile(): Promise<number> {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const args = [tsc, '-p', 'tsconfig.build.json', '--outDir', dist];
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

await rm(dist, { recursive: true, force: true });
process.exitCode = await compile();
if (process.exitCode === 0) {
  // The sandbox runs what is in this file and nothing else: production never bundles at start.
  const { code } = await bundleWorkflowCode({ ...WORKFLOW_SOURCES, logger: new DefaultLogger('WARN') });
  await writeFile(join(dist, 'workflow-bundle.js'), code);
  console.log(`built ${relative(root, dist)}/ (workflow bundle: ${Math.round(code.length / 1024)} KiB)`);
}
