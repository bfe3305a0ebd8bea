import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseKeyRing } from '../../crypto/key-ring.ts';
import { createDatabase } from '../../db/database.ts';
import { createSealingReports } from '../../db/sealing-reports.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { createTestLogger } from '../stack/test-logger.ts';
import { waitFor } from '../stack/wait.ts';

const entry = (version: number): string => `${version}:${randomBytes(32).toString('base64')}`;

let database: TestDatabase;
let lines: { msg: string; alert?: string; reason?: string; version?: number }[];
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.ownerDb.deleteFrom('encryption_key_versions').execute();
  lines = [];
});
afterAll(() => database.drop());

const log = createTestLogger((line) => void lines.push(JSON.parse(line) as never));
const reportsOf = (keys: string, db = database.db) => createSealingReports({ db, keys: parseKeyRing(keys), log });
const known = () => database.ownerDb.selectFrom('encryption_key_versions').selectAll().orderBy('version').execute();
const alerts = () =>
  lines.filter(({ alert }) => alert === 'encryption-keys').map(({ reason, version }) => [reason, version]);

describe('a process', () => {
  it('reports at its start, and again and again, which version it seals with', async () => {
    const process = reportsOf(`${entry(1)},${entry(2)}:standby`);
    process.start();
    await waitFor('the first report', async () => (await known()).length === 1);
    await process.stop();
    const [before] = await known();
    expect(before).toMatchObject({ version: 1, retired_at: null });
    await process.report();
    const [after] = await known();
    expect(after!.last_sealed_at.getTime()).toBeGreaterThan(before!.last_sealed_at.getTime());
    expect(after!.first_sealed_at).toEqual(before!.first_sealed_at);
  });

  it('raises one alert when others seal with a version it was not given', async () => {
    await reportsOf(entry(2)).report();
    const old = reportsOf(entry(1));
    await old.report();
    await old.report();
    expect(alerts()).toEqual([['unknown-version', 2]]);
    expect(JSON.stringify(lines)).not.toMatch(/[A-Za-z0-9+/]{20}/);
  });

  it('raises an alert when it seals with a retired version', async () => {
    const old = reportsOf(entry(1));
    await old.report();
    await database.ownerDb.updateTable('encryption_key_versions').set({ retired_at: new Date() }).execute();
    await old.report();
    expect(alerts()).toEqual([['seals-retired', 1]]);
  });

  it('starts and stops without Postgres', async () => {
    const away = createDatabase({ url: 'postgres://nobody@127.0.0.1:1/none' });
    const process = reportsOf(entry(1), away);
    process.start();
    await process.stop();
    expect(lines.map(({ msg }) => msg)).toContain('which encryption key seals could not be reported');
    await away.destroy();
  });
});
