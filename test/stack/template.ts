import { sql } from 'kysely';
import { createDatabase } from '../../db/database.ts';
import { grantLogin, migrateToLatest } from '../../db/migrate.ts';

/** The database every test file gets a copy of. */
export const TEMPLATE_DATABASE = 'switchyard_template';
/** Roles belong to the cluster: all copies share the login. */
export const TEST_LOGIN = { name: 'switchyard_test', password: 'password-of-the-tests' };

/** The same server, another database, and if given another login. */
export function databaseUrl(url: string, name: string, login?: { name: string; password: string }): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  if (login) {
    other.username = login.name;
    other.password = login.password;
  }
  return other.href;
}

/** Makes the migrated database anew. */
export async function prepareTemplate(ownerUrl: string): Promise<void> {
  const server = createDatabase({ url: ownerUrl, poolSize: 1 });
  await sql`drop database if exists ${sql.id(TEMPLATE_DATABASE)} with (force)`.execute(server);
  await sql`create database ${sql.id(TEMPLATE_DATABASE)}`.execute(server);
  await server.destroy();
  const template = createDatabase({ url: databaseUrl(ownerUrl, TEMPLATE_DATABASE), poolSize: 1 });
  await migrateToLatest(template);
  await grantLogin(template, TEST_LOGIN);
  await template.destroy();
}
