import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it, inject } from 'vitest';
import { runMigration } from '../../cli/migration.ts';
import { createDatabase } from '../../db/database.ts';
import { withSystemRole } from '../../db/scope.ts';
import { databaseUrl } from '../stack/template.ts';
import { recordTerminal } from './harness.ts';

const name = `migrated_${randomBytes(6).toString('hex')}`;
const login = { name: `login_${randomBytes(6).toString('hex')}`, password: 'p@ss/word' };
let ownerUrl: string;
let url: string;
beforeAll(async () => {
  ownerUrl = databaseUrl(inject('postgresUrl'), name);
  url = databaseUrl(ownerUrl, name, login);
  const server = createDatabase({ url: inject('postgresUrl'), poolSize: 1 });
  await sql`create database ${sql.id(name)}`.execute(server);
  await server.destroy();
});
afterAll(async () => {
  const server = createDatabase({ url: inject('postgresUrl'), poolSize: 1 });
  await sql`drop database ${sql.id(name)} with (force)`.execute(server);
  await sql`drop role if exists ${sql.id(login.name)}`.execute(server);
  await server.destroy();
});

const run = async (args: string[], environment: Record<string, string>) => {
  const { terminal, written } = recordTerminal({ environment, folder: '/nowhere' });
  return { code: await runMigration(args, terminal), ...written };
};

describe('npm run migrate', () => {
  it('migrates, prints each, and lets the login take the roles', async () => {
    const ran = await run([], { DATABASE_OWNER_URL: ownerUrl, DATABASE_URL: url });
    expect(ran).toMatchObject({ code: 0, error: '' });
    expect(ran.out).toContain('migrated 0001-roles');
    expect(ran.out).toContain(`The login ${login.name} has the roles`);
    const db = createDatabase({ url, poolSize: 1 });
    expect(await withSystemRole(db, 'intake', (tx) => tx.selectFrom('agencies').select('id').execute())).toEqual([]);
    await db.destroy();
  });

  it('has nothing to do the second time', async () => {
    expect((await run([], { DATABASE_OWNER_URL: ownerUrl })).out).toBe('The database is up to date.\n');
  });

  it('takes back the newest one and applies it again', async () => {
    const down = await run(['down'], { DATABASE_OWNER_URL: ownerUrl });
    expect(down.out).toMatch(/^Took back \d{4}-[\w-]+\.\n$/);
    expect((await run([], { DATABASE_OWNER_URL: ownerUrl })).out).toContain('Applied 1 migrations.');
  });

  it.each([
    [{}, 1, 'DATABASE_OWNER_URL is missing'],
    [{ DATABASE_OWNER_URL: 'mysql://a/b' }, 1, 'DATABASE_OWNER_URL is no postgres:// address'],
    [{ DATABASE_OWNER_URL: 'postgres://a@127.0.0.1:1/b' }, 1, 'Postgres does not answer at DATABASE_OWNER_URL'],
    [
      { DATABASE_OWNER_URL: 'postgres://a@h/b', DATABASE_URL: 'postgres://a@h/b' },
      1,
      'DATABASE_URL and DATABASE_OWNER_URL name the same login',
    ],
  ])('refuses %j', async (environment, code, message) => {
    const ran = await run([], environment);
    expect(ran.code).toBe(code);
    expect(ran.error).toContain(message);
  });

  it('tells a role that may not migrate what it lacks', async () => {
    const ran = await run(['down'], { DATABASE_OWNER_URL: url });
    expect(ran.code).toBe(1);
    expect(ran.error).toContain('it must own the schema');
  });

  it('does not understand other words', async () => {
    expect(await run(['sideways'], {})).toMatchObject({ code: 2 });
    expect((await run(['--help'], {})).out).toContain('DATABASE_OWNER_URL');
  });
});
