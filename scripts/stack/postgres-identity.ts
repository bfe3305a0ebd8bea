import { execFile } from 'node:child_process';
import { chown, lstat, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const runFile = promisify(execFile);

/** How to run PostgreSQL's programs: what goes before the command. Empty when we are an ordinary user. */
export type PostgresIdentity = { prefix: string[]; description: string };

/** PostgreSQL refuses to run as root, and none of the ways around that works on this machine. */
export class PostgresIdentityError extends Error {
  readonly code = 'PostgresIdentity';
  constructor(tried: string[]) {
    super(
      `PostgreSQL does not run as root, and no other identity could be taken here:\n` +
        `${tried.map((line) => `  - ${line}`).join('\n')}\n` +
        `Run as an ordinary user, or in a folder that other users can enter, or set DATABASE_URL to a server of yours.`,
    );
    this.name = 'PostgresIdentityError';
  }
}

type SystemUser = { name: string; uid: number; gid: number };

/** A user to be; initdb insists that it has a name. */
async function findUnprivilegedUser(): Promise<SystemUser | undefined> {
  const lines = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n').map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody', 'daemon']) {
    const [, , uid, gid] = lines.find((fields) => fields[0] === name) ?? [];
    if (Number(uid) > 0) return { name, uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

async function give(path: string, user: SystemUser): Promise<void> {
  await chown(path, user.uid, user.gid);
  if (!(await lstat(path)).isDirectory()) return;
  for (const entry of await readdir(path)) await give(join(path, entry), user);
}

/** Whether the program starts under this identity and finds the data folder its own. */
async function works(prefix: string[], postgres: string, dataDir: string): Promise<string | undefined> {
  const test = ['sh', '-c', '"$1" --version && test -O "$2" && test -w "$2" && test -x "$2"', 'sh', postgres, dataDir];
  const [command, ...args] = [...prefix, ...test];
  try {
    await runFile(command!, args, { timeout: 10_000 });
    return undefined;
  } catch (error) {
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim().split('\n')[0] : '';
    return stderr || 'the program or the data folder cannot be reached';
  }
}

const CAPABILITIES = '+dac_override,+dac_read_search';

/**
 * Chooses the identity PostgreSQL runs under; creates `dataDir` so that it belongs to it.
 *
 * As root there are two ways, both checked by trying. In a user namespace root's files keep their owner and merely look
 * as if an ordinary user owned them: works in folders that nobody else can enter, and leaves no files of a strange
 * owner. Where namespaces are not allowed (many containers), another user is taken, with the capability to pass through
 * folders closed to it where that can be given; no_setuid_fixup lets access(2), which initdb asks, see that capability.
 * @throws PostgresIdentityError
 */
export async function choosePostgresIdentity(postgres: string, dataDir: string): Promise<PostgresIdentity> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  if (process.getuid?.() !== 0) return { prefix: [], description: 'as this user' };
  const user = await findUnprivilegedUser();
  if (!user) throw new PostgresIdentityError(['no user postgres, nobody or daemon exists in /etc/passwd']);
  const { uid: owner } = await stat(dataDir);

  const tried: string[] = [];
  const inNamespace = ['unshare', '--user', `--map-user=${user.uid}`, `--map-group=${user.gid}`, '--'];
  if (owner === 0) {
    const problem = await works(inNamespace, postgres, dataDir);
    if (!problem) return { prefix: inNamespace, description: 'in a user namespace' };
    tried.push(`user namespace (unshare): ${problem}`);
  }
  await give(dataDir, user);
  const asUser = ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];
  const plain = [...asUser, '--inh-caps=-all', '--'];
  const capable = [
    ...asUser,
    `--inh-caps=${CAPABILITIES}`,
    `--ambient-caps=${CAPABILITIES}`,
    '--securebits=+no_setuid_fixup',
    '--',
  ];
  for (const prefix of [plain, capable]) {
    const problem = await works(prefix, postgres, dataDir);
    if (!problem) return { prefix, description: `as user ${user.name}` };
    tried.push(`user ${user.name}${prefix === capable ? ' with capabilities' : ''} (setpriv): ${problem}`);
  }
  throw new PostgresIdentityError(tried);
}
