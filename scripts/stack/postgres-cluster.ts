import { randomBytes } from 'node:crypto';
import { chown, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PostgresIdentity } from './postgres-identity.ts';
import { endProcess, findCommandLine, findStartTime } from './process-record.ts';
import type { Log } from './progress.ts';
import { runTool } from './tool.ts';

/** The data folder cannot be used; the message says why and what to do. */
export class PostgresClusterError extends Error {
  readonly code = 'PostgresCluster';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PostgresClusterError';
  }
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

async function readOrMakePassword(dataDir: string): Promise<{ password: string; file: string }> {
  const file = join(dataDir, 'superuser-password');
  if (!(await exists(file))) {
    await writeFile(file, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
    const { uid, gid } = await stat(dataDir);
    if (process.getuid?.() === 0) await chown(file, uid, gid);
  }
  return { password: (await readFile(file, 'utf8')).trim(), file };
}

/**
 * Makes the cluster in `dataDir`/cluster when there is none. It is made beside its place and moved there when complete,
 * so that an interrupted first start leaves nothing half-made behind.
 * @returns the cluster's folder and its superuser's password
 * @throws PostgresClusterError
 */
export async function prepareCluster(
  dataDir: string,
  initdb: string,
  identity: PostgresIdentity,
  log: Log,
): Promise<{ cluster: string; password: string }> {
  const cluster = join(dataDir, 'cluster');
  const draft = join(dataDir, 'cluster.new');
  const { password, file } = await readOrMakePassword(dataDir);
  if (await exists(join(cluster, 'PG_VERSION'))) {
    const version = (await readFile(join(cluster, 'PG_VERSION'), 'utf8')).trim();
    if (version === '18') return { cluster, password };
    throw new PostgresClusterError(
      `${cluster} was written by PostgreSQL ${version}, this is 18. Move the folder away, or set DATABASE_URL.`,
    );
  }
  log('creating the Postgres data folder (first start)');
  await rm(draft, { recursive: true, force: true });
  const [command, ...args] = [
    ...identity.prefix,
    initdb,
    `--pgdata=${draft}`,
    '--username=postgres',
    `--pwfile=${file}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--no-instructions',
  ];
  const result = await runTool(command ?? initdb, args, { timeoutMs: 120_000, env: { ...process.env, LC_ALL: 'C' } });
  if (result.code !== 0) throw new PostgresClusterError(`initdb failed: ${result.output.trim() || 'no output'}`);
  await rename(draft, cluster);
  return { cluster, password };
}

/**
 * Makes the cluster free to start. The caller holds the folder's lock, so a server that still runs on it was left over
 * by a killed run: it is stopped.
 *
 * A pid file that names a process which has become something else makes Postgres refuse to start. The file is not
 * removed, for Postgres also learns from it whether children of the dead server still hold its memory: the id is
 * replaced by ours, which Postgres, being our child, knows cannot be a server's.
 * @throws PostgresClusterError when the server cannot be stopped
 */
export async function freeCluster(cluster: string, log: Log): Promise<void> {
  const pidFile = join(cluster, 'postmaster.pid');
  const text = await readFile(pidFile, 'utf8').catch(() => '');
  const [pidText, startedIn] = text.split('\n');
  const pid = Number(pidText);
  if (!Number.isInteger(pid) || pid <= 0) return;
  const [commandLine, startedAt] = [await findCommandLine(pid), await findStartTime(pid)];
  if (commandLine === undefined || startedAt === undefined) return;
  if (commandLine.includes('postgres') && commandLine.includes(startedIn || cluster)) {
    log(`stopping the Postgres server (process ${pid}) left over from a run that was killed`);
    if (!(await endProcess({ pid, startedAt }, 'SIGINT', 15_000))) {
      throw new PostgresClusterError(`A Postgres server (process ${pid}) still uses ${cluster} and cannot be stopped.`);
    }
    return;
  }
  await writeFile(pidFile, text.replace(/^\d+/, String(process.pid)));
}
