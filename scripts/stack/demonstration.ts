import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Surroundings } from './application.ts';
import type { Log } from './progress.ts';
import type { Secrets } from './secrets.ts';

/** What the demonstration may use: the running stack, by its addresses. */
export interface DemoContext extends Surroundings {
  apiUrl: string;
  /** Where the person at the terminal can look at workflows; undefined with a server that we did not start. */
  temporalUiUrl: string | undefined;
  /** Connects as the owner of the schema, to seed the demonstration's agency. */
  ownerUrl: string;
  namespace: string;
  secrets: Secrets;
  dataDir: string;
  log: Log;
}

type RunDemo = (context: DemoContext) => Promise<{ ok: boolean }>;

const isDemoModule = (module: unknown): module is { runDemo: RunDemo } =>
  typeof module === 'object' && module !== null && 'runDemo' in module && typeof module.runDemo === 'function';

/** Runs the demonstration, if there is one. */
export async function runDemonstration(context: DemoContext): Promise<{ ok: boolean }> {
  const file = join(import.meta.dirname, '..', 'demo', 'demo.ts');
  if (!existsSync(file)) {
    context.log('there is no demonstration yet (scripts/demo/demo.ts)');
    return { ok: true };
  }
  const module: unknown = await import(pathToFileURL(file).href);
  if (!isDemoModule(module)) throw new Error(`${file} exports no runDemo`);
  return module.runDemo(context);
}
