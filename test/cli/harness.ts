import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../cli/run.ts';
import type { Terminal } from '../../cli/terminal.ts';
import { suiteEvidence } from '../leaks/evidence.ts';
import { listEnvironmentSecrets } from '../leaks/used-values.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';

interface Ran {
  code: number;
  out: string;
  error: string;
}

export interface CliRunner {
  folder: string;
  /** Runs a command as somebody types it. */
  run(args: string[], stdin?: string): Promise<Ran>;
  /** Runs a command that must go well, with `--json`, and returns its answer. */
  json<T>(args: string[], stdin?: string): Promise<T>;
  /** Writes a file beside which the commands run. */
  file(name: string, content: string | Uint8Array): Promise<string>;
  close(): Promise<void>;
}

/** The commands in an environment, typed in a folder of their own. */
export async function createCliRunner(environment: Record<string, string>): Promise<CliRunner> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-cli-'));
  const run = async (args: string[], typed = ''): Promise<Ran> => {
    const stdin = (async function* () {
      yield typed;
    })();
    const { terminal, written } = recordTerminal({ environment, folder, stdin });
    const code = await runCommand(args, terminal);
    return { code, ...written };
  };
  return {
    folder,
    run,
    async json<T>(args: string[], stdin?: string) {
      const ran = await run([...args, '--json'], stdin);
      if (ran.code !== 0) throw new Error(`cli ${args.join(' ')} ended with ${ran.code}: ${ran.error}`);
      return JSON.parse(ran.out) as T;
    },
    async file(name, content) {
      const path = join(folder, name);
      await writeFile(path, content);
      return path;
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

export interface CliHarness extends CliRunner {
  database: TestDatabase;
  environment: Record<string, string>;
  createAgency(name?: string): Promise<{ agencyId: string; masterLocationId: string }>;
}

/** The commands against a database of their own. */
export async function createCliHarness(): Promise<CliHarness> {
  const database = await createTestDatabase();
  const environment = {
    DATABASE_URL: database.url,
    ENCRYPTION_KEYS: `1:${randomBytes(32).toString('base64')}`,
  };
  const runner = await createCliRunner(environment);
  return {
    ...runner,
    database,
    environment,
    createAgency: (name = 'Acme') => runner.json(['agency', 'create', '--name', name]),
    async close() {
      await database.drop();
      await runner.close();
    },
  };
}

/** A terminal that collects what is written. */
export function recordTerminal(more: Partial<Terminal> & Pick<Terminal, 'environment' | 'folder'>): {
  terminal: Terminal;
  written: { out: string; error: string };
} {
  const written = { out: '', error: '' };
  suiteEvidence.use(listEnvironmentSecrets(more.environment));
  const terminal: Terminal = {
    stdin: (async function* () {})(),
    write: (text) => void (written.out += text),
    writeError(text) {
      written.error += text;
      suiteEvidence.say('command', 'standard error', text);
    },
    user: 'tester',
    now: () => new Date(),
    ...more,
  };
  return { terminal, written };
}
