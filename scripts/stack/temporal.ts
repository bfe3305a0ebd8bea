import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findFreePort, requireFreePort } from './ports.ts';
import { ProcessEndedError, startProcess, watchForUnexpectedEnd } from './process.ts';
import { type Log, waitUntilReady } from './progress.ts';
import { resolveTemporalBinary } from './temporal-binary.ts';
import { addMissingSearchAttributes, probeNamespace, TemporalNamespaceError } from './temporal-namespace.ts';

/** What workflows are found by in the Web UI; all of type Keyword. None holds personal data. */
export const SEARCH_ATTRIBUTES = ['AgencyId', 'LocationId', 'Capability', 'LeadStatus'];

/** Where the API has the Web UI and the codec. */
export const BEHIND_API = { publicPath: '/temporal', codecPath: '/codec' };

export interface TemporalOptions {
  /** Folder of the stack: logs, notes on processes, and the server's database. */
  dataDir: string;
  /** Port on 127.0.0.1; 0 takes a free one. */
  port: number;
  /** Port of the Web UI on 127.0.0.1; 0 takes a free one, undefined leaves the UI out. */
  uiPort?: number;
  namespace: string;
  searchAttributes: string[];
  /** The paths at which the Web UI is served and asks for the codec, when it is reached through the API. */
  behindApi?: typeof BEHIND_API;
  /** Keeps nothing on disk; for tests. */
  inMemory?: boolean;
  /** More of the server's dynamic configuration, as `name=value`. */
  settings?: readonly string[];
  /** Added to the environment that it has from us. */
  environment?: Record<string, string>;
  log: Log;
}

export interface Temporal {
  /** host:port */
  address: string;
  /** The origin of the Web UI. */
  uiUrl: string | undefined;
  /** Rejects when the server ends although nobody stopped it. */
  failed: Promise<never>;
  stop: () => Promise<void>;
}

/** What the server is given beyond its defaults, as `name=value`; ops/temporal/dynamic-config.yaml says the same. */
export const DYNAMIC_CONFIGURATION = [
  'matching.enableFairness=true',
  // A limit for each fairness key is divided by the number of partitions; with one it is exact.
  'matching.numTaskqueueReadPartitions=1',
  'matching.numTaskqueueWritePartitions=1',
];

function serverArguments(options: TemporalOptions, port: number, uiPort: number | undefined, file: string): string[] {
  const args = ['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--log-level', 'warn'];
  args.push('--namespace', options.namespace);
  if (uiPort === undefined) args.push('--headless');
  else args.push('--ui-port', String(uiPort), '--ui-ip', '127.0.0.1', '--ui-disable-news-fetch');
  const { behindApi } = options;
  // A path and no origin: the browser asks the codec of whichever origin the page came from, and its cookie goes along.
  if (behindApi) args.push('--ui-public-path', behindApi.publicPath, '--ui-codec-endpoint', behindApi.codecPath);
  if (!options.inMemory) args.push('--db-filename', file, '--sqlite-pragma', 'journal_mode=WAL');
  for (const name of options.searchAttributes) args.push('--search-attribute', `${name}=Keyword`);
  for (const setting of [...DYNAMIC_CONFIGURATION, ...(options.settings ?? [])])
    args.push('--dynamic-config-value', setting);
  return args;
}

/** The server takes ports of its own as well, between a look at them and their use: another may have been faster. */
const START_TRIES = 3;
const lostAPort = (error: unknown): boolean =>
  error instanceof ProcessEndedError && error.message.includes('address already in use');

/**
 * Starts Temporal's development server on 127.0.0.1 and waits until it serves the namespace.
 * @throws TemporalProgramMissingError, PortTakenError, ProcessEndedError, WaitTimeoutError
 */
export async function startTemporal(options: TemporalOptions): Promise<Temporal> {
  const binary = await resolveTemporalBinary(options.log);
  for (let tried = 1; ; tried += 1) {
    try {
      return await startServer(binary, options);
    } catch (error) {
      if (tried === START_TRIES || !lostAPort(error)) throw error;
      options.log('Temporal met a port that somebody else had just taken: it is started again');
    }
  }
}

async function startServer(binary: string, options: TemporalOptions): Promise<Temporal> {
  const { dataDir, namespace, log } = options;
  if (options.port !== 0) await requireFreePort('Temporal', options.port, 'TEMPORAL_PORT');
  if (options.uiPort) await requireFreePort('Temporal’s Web UI', options.uiPort, 'TEMPORAL_UI_PORT');
  const port = options.port === 0 ? await findFreePort() : options.port;
  const uiPort = options.uiPort === 0 ? await findFreePort() : options.uiPort;
  await mkdir(join(dataDir, 'temporal'), { recursive: true, mode: 0o700 });
  const server = await startProcess({
    name: 'Temporal',
    command: binary,
    args: serverArguments(options, port, uiPort, join(dataDir, 'temporal', 'temporal.db')),
    env: { ...process.env, ...options.environment },
    logFile: join(dataDir, 'logs', 'temporal.log'),
    recordFolder: join(dataDir, 'run'),
    stopTimeoutMs: 15_000,
  });
  const address = `127.0.0.1:${port}`;
  const failed = watchForUnexpectedEnd(server);
  failed.catch(() => {});
  try {
    const probe = (): Promise<void> => probeNamespace(address, namespace);
    await waitUntilReady({ what: 'Temporal', probe, timeoutMs: 90_000, giveUp: failed, log });
  } catch (error) {
    await server.stop();
    throw error;
  }
  const uiUrl = uiPort === undefined ? undefined : `http://127.0.0.1:${uiPort}`;
  return { address, uiUrl, failed, stop: server.stop };
}

/**
 * Uses a Temporal server that somebody else runs (`TEMPORAL_ADDRESS`); stopping leaves it alone.
 * @throws TemporalNamespaceError when it does not serve the namespace
 */
export async function useTemporal(
  address: string,
  options: TemporalOptions & { uiUrl: string | undefined },
): Promise<Temporal> {
  const { namespace, searchAttributes, log } = options;
  const probe = (): Promise<void> => probeNamespace(address, namespace);
  try {
    await waitUntilReady({ what: `Temporal at ${address}`, probe, timeoutMs: 15_000, log });
  } catch (error) {
    throw new TemporalNamespaceError(
      `TEMPORAL_ADDRESS=${address}: no Temporal server answers there for namespace ${namespace}. ` +
        `Without this variable a server of this project's own is started.`,
      { cause: error },
    );
  }
  await addMissingSearchAttributes(address, namespace, searchAttributes, log);
  return { address, uiUrl: options.uiUrl, failed: new Promise<never>(() => {}), stop: async () => {} };
}
