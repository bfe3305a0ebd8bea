import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { buildSync } from 'esbuild';
import { afterEach } from 'vitest';

const root = join(import.meta.dirname, '..', '..');

export interface ChildScript {
  child: ChildProcess;
  pid: number;
  /** The next line it prints; undefined when it has ended. */
  readLine: () => Promise<string | undefined>;
  ended: Promise<number | NodeJS.Signals | null>;
}

/** What Node runs without a loader, which would cost a child ten times what its script does. */
function compile(script: string): string {
  const { outputFiles } = buildSync({
    ...{ stdin: { contents: script, resolveDir: root }, write: false, logLevel: 'warning' },
    ...{ bundle: true, packages: 'external', format: 'esm', platform: 'node', target: 'node20' },
  });
  return outputFiles[0]!.text;
}

/** Runs a few lines of TypeScript-importing JavaScript in a process of their own, in the project's folder. */
export function useChildScripts(): (script: string) => ChildScript {
  const started: ChildScript[] = [];
  afterEach(async () => {
    for (const { child } of started) child.kill('SIGKILL');
    await Promise.all(started.splice(0).map(({ ended }) => ended));
  });
  return (script) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', compile(script)], {
      cwd: root,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit').then(
      ([code, signal]: (number | NodeJS.Signals | null)[]) => code ?? signal ?? null,
    );
    const readLine = makeReader(createInterface({ input: child.stdout }));
    const run: ChildScript = { child, pid: child.pid!, readLine, ended };
    started.push(run);
    return run;
  };
}

function makeReader(lines: Interface): () => Promise<string | undefined> {
  const iterator = lines[Symbol.asyncIterator]();
  return async () => {
    const next = await iterator.next();
    return next.done === true ? undefined : next.value;
  };
}
