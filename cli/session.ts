import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { Kysely } from 'kysely';
import { createSwitchyardClient, type SwitchyardClient } from '../client.ts';
import { type Config, ConfigError, readConfig } from '../config.ts';
import { createDatabase } from '../db/database.ts';
import type { Database } from '../db/schema.ts';
import { completeEnvironment } from './environment.ts';
import { CommandError } from './failure.ts';
import type { Terminal } from './terminal.ts';

/** A command that gives a busy Temporal up leaves its operator in doubt whether it was done. */
const PATIENCE_MS = 10_000;
/** Each waits for a second. A first contact takes a busy machine longer than that. */
const REACH_TRIES = 5;

/** What a command works with: made when first asked for, closed at its end. */
export interface Session {
  terminal: Terminal;
  /** The actor in the audit log. */
  actor: string;
  config(): Promise<Config>;
  db(): Promise<Kysely<Database>>;
  client(): Promise<SwitchyardClient>;
  close(): Promise<void>;
}

/** Opens nothing yet: `--help` needs no server. */
export function createSession(terminal: Terminal): Session {
  let read: Promise<{ config: Config; variables: Record<string, string> }> | undefined;
  let db: Kysely<Database> | undefined;
  let client: SwitchyardClient | undefined;
  const environment = () => (read ??= readEnvironment(terminal));
  return {
    terminal,
    actor: `cli:${terminal.user}`,
    config: async () => (await environment()).config,
    async db() {
      const { config } = await environment();
      return (db ??= createDatabase({ url: config.DATABASE_URL, poolSize: 2, connectTimeoutMs: 5_000 }));
    },
    async client() {
      const { config, variables } = await environment();
      const { connectionOptions } = loadClientConnectConfig({ overrideEnvVars: variables });
      client ??= createSwitchyardClient({
        connection: connectionOptions,
        namespace: config.TEMPORAL_NAMESPACE,
        keys: config.ENCRYPTION_KEYS,
        patienceMs: PATIENCE_MS,
      });
      // Asked before the work, so that the answer is sure: nothing was done.
      if (!(await isFound(client))) {
        const address = connectionOptions.address ?? 'its default address';
        const advice = 'Start it, or correct TEMPORAL_ADDRESS.';
        throw new CommandError('temporal-away', `Temporal does not answer at ${address}: nothing was done. ${advice}`);
      }
      return client;
    },
    async close() {
      await client?.close();
      await db?.destroy();
    },
  };
}

async function isFound(client: SwitchyardClient): Promise<boolean> {
  for (let tried = 0; tried < REACH_TRIES; tried += 1) if (await client.isReachable()) return true;
  return false;
}

async function readEnvironment(terminal: Terminal): Promise<{ config: Config; variables: Record<string, string> }> {
  const { variables, hint } = await completeEnvironment(terminal.environment, terminal.folder);
  try {
    return { config: readConfig(variables), variables };
  } catch (error) {
    if (error instanceof ConfigError) throw new CommandError('config', `${error.message}\n${hint}`);
    throw error;
  }
}
