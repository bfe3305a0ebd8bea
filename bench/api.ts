import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { findFreePort } from '../scripts/stack/ports.ts';
import { startProcess, watchForUnexpectedEnd } from '../scripts/stack/process.ts';
import { type ProcessCpu, readProcessCpu, readResidentMiB } from './usage.ts';
import { type Log, waitUntilReady } from '../scripts/stack/progress.ts';

const root = join(import.meta.dirname, '..');

/**
 * As `docker-compose.yml` and the image start the API: young objects have 32 MiB, for what waits for its group would
 * otherwise be copied again and again.
 */
export const API_NODE_FLAGS = ['--max-semi-space-size=32'];

/** What the API tells of itself. */
export interface ApiReading {
  /** Work that waits for Temporal. */
  inboxDepth: number;
  memoryMiB: number;
}

export interface BenchApi {
  url: string;
  /** Signs deliveries that this API takes for GHL's. */
  privateKey: KeyObject;
  /** Rejects when the API ends although nobody stopped it. */
  failed: Promise<never>;
  read(): Promise<ApiReading>;
  /** Resident memory as the system tells it, without asking the API; not a number where it does not. */
  readMemoryMiB(): Promise<number>;
  /** What it has used since its start, as the system tells it. */
  readCpu: () => Promise<ProcessCpu>;
  stop(): Promise<void>;
}

/** The API in a process of its own as in production, but without Temporal: nothing listens where it looks for it. */
export async function startBenchApi(databaseUrl: string, folder: string, log: Log): Promise<BenchApi> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const port = await findFreePort();
  const child = await startProcess({
    name: 'API',
    command: process.execPath,
    args: [...API_NODE_FLAGS, '--import', 'tsx', 'api/server.ts'],
    cwd: root,
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: `127.0.0.1:${await findFreePort()}`,
      ENCRYPTION_KEYS: `1:${randomBytes(32).toString('base64')}`,
      GHL_WEBHOOK_PUBLIC_KEYS: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      API_HOST: '127.0.0.1',
      API_PORT: String(port),
      SHUTDOWN_GRACE_MS: '5000',
    },
    logFile: join(folder, 'logs', 'api.log'),
    recordFolder: join(folder, 'run'),
    stopTimeoutMs: 15_000,
  });
  const url = `http://127.0.0.1:${port}`;
  const failed = watchForUnexpectedEnd(child);
  failed.catch(() => {});
  try {
    const probe = (): Promise<string> => get(`${url}/readyz`);
    await waitUntilReady({ what: 'the API', probe, timeoutMs: 60_000, giveUp: failed, log });
  } catch (error) {
    await child.stop();
    throw error;
  }
  return {
    url,
    privateKey,
    failed,
    async read() {
      const page = await get(`${url}/metrics`);
      return {
        inboxDepth: readMetric(page, 'switchyard_inbox_depth'),
        memoryMiB: readMetric(page, 'process_resident_memory_bytes') / 2 ** 20,
      };
    },
    readMemoryMiB: () => readResidentMiB(child.pid),
    readCpu: () => readProcessCpu(child.pid),
    stop: child.stop,
  };
}

async function get(url: string): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return text;
}

/** A metric without labels; not a number when the page lacks it, which no check takes for a zero. */
function readMetric(page: string, name: string): number {
  const line = page.split('\n').find((each) => each.startsWith(`${name} `));
  return line === undefined ? Number.NaN : Number(line.slice(name.length));
}
