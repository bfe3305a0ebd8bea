import { z } from 'zod';
import { ConfigError } from '../config.ts';
import { createDatabase } from '../db/database.ts';
import { grantLogin, migrateDown, migrateToLatest, MigrationError } from '../db/migrate.ts';
import { completeEnvironment } from './environment.ts';
import { CommandError, explainFailure, InputError } from './failure.ts';
import type { Terminal } from './terminal.ts';

const USAGE = `Brings the database up to date, one migration after the other, each in a transaction of its own.

  npm run migrate             all that are missing; then the login of DATABASE_URL gets the roles of the running processes
  npm run migrate -- down     takes the newest one back, with what its tables hold

Environment:
  DATABASE_OWNER_URL  connects as the role of migrations, which may create roles and owns the schema
  DATABASE_URL        what API and worker connect with; the login is made when it is not there
  …_FILE              of either: a file that holds it instead
`;

const postgresUrl = z
  .url({ protocol: /^postgres(ql)?$/, error: 'is no postgres:// address' })
  .transform((url) => new URL(url));
const addresses = z.object({
  DATABASE_OWNER_URL: postgresUrl,
  DATABASE_URL: postgresUrl.optional(),
});

/** Runs `npm run migrate`. Returns the exit code: 0 done, 1 failed, 2 not understood. */
export async function runMigration(args: string[], terminal: Terminal): Promise<number> {
  try {
    if (args.includes('--help') || args.includes('-h')) terminal.write(USAGE);
    else if (args.length === 0) await migrateUp(terminal);
    else if (args.length === 1 && args[0] === 'down') await takeBack(terminal);
    else throw new InputError([`Not understood: ${args.join(' ')}`, USAGE]);
    return 0;
  } catch (error) {
    const cause = error instanceof MigrationError ? error.cause : error;
    const { code, message } = explainFailure(cause);
    const isOurs = [CommandError, InputError, ConfigError].some((kind) => cause instanceof kind);
    terminal.writeError(`${isOurs ? message : explainRefusal(error, code, message)}\n`);
    return error instanceof InputError ? 2 : 1;
  }
}

function explainRefusal(error: unknown, code: string, message: string): string {
  const place = error instanceof MigrationError ? `${error.message}\n` : '';
  if (code === '42501') {
    return `${place}The role in DATABASE_OWNER_URL may not do this: it must own the schema and be allowed to create roles.`;
  }
  return `${place}${message.replaceAll('DATABASE_URL', 'DATABASE_OWNER_URL')}`;
}

async function readAddresses(terminal: Terminal): Promise<z.infer<typeof addresses>> {
  const { variables, hint } = await completeEnvironment(terminal.environment, terminal.folder);
  const read = addresses.safeParse(variables);
  if (!read.success) {
    const problems = read.error.issues.map((issue) => {
      const name = String(issue.path[0]);
      return `${name} ${variables[name] === undefined ? 'is missing' : issue.message}`;
    });
    throw new CommandError('config', `${problems.join('\n')}\n${hint}`);
  }
  const { DATABASE_OWNER_URL: owner, DATABASE_URL: login } = read.data;
  if (owner.username === login?.username) {
    const advice = 'The running processes must own nothing: give DATABASE_URL a login of its own.';
    throw new CommandError('same-login', `DATABASE_URL and DATABASE_OWNER_URL name the same login. ${advice}`);
  }
  return read.data;
}

const connect = (owner: URL) => createDatabase({ url: owner.href, poolSize: 2, connectTimeoutMs: 10_000 });

async function migrateUp(terminal: Terminal): Promise<void> {
  const { DATABASE_OWNER_URL: owner, DATABASE_URL: login } = await readAddresses(terminal);
  const db = connect(owner);
  try {
    const applied = await migrateToLatest(db, (line) => terminal.write(`${line}\n`));
    terminal.write(applied.length === 0 ? 'The database is up to date.\n' : `Applied ${applied.length} migrations.\n`);
    if (login) {
      const name = decodeURIComponent(login.username);
      await grantLogin(db, { name, password: decodeURIComponent(login.password) });
      terminal.write(`The login ${name} has the roles of the running processes.\n`);
    }
  } finally {
    await db.destroy();
  }
}

async function takeBack(terminal: Terminal): Promise<void> {
  const { DATABASE_OWNER_URL: owner } = await readAddresses(terminal);
  const db = connect(owner);
  try {
    const name = await migrateDown(db);
    terminal.write(name === undefined ? 'There is no migration to take back.\n' : `Took back ${name}.\n`);
  } finally {
    await db.destroy();
  }
}
