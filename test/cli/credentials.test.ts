import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hashApiKey } from '../../crypto/api-key.ts';
import { parseKeyRing } from '../../crypto/key-ring.ts';
import { findCredential } from '../../db/api-keys.ts';
import { createTokenStore } from '../../db/installs.ts';
import { withSystemRole } from '../../db/scope.ts';
import { type CliHarness, createCliHarness } from './harness.ts';

let cli: CliHarness;
let agencyId: string;
let agency: string[];
let masterId: string;
beforeAll(async () => {
  cli = await createCliHarness();
});
afterAll(() => cli.close());
beforeEach(async () => {
  const made = await cli.createAgency();
  agencyId = made.agencyId;
  masterId = made.masterLocationId;
  agency = ['--agency', agencyId];
});

const create = (...args: string[]) =>
  cli.json<{ id: string; key: string; expiresAt: string | null }>(['api-keys', 'create', ...agency, ...args]);
const credential = (key: string) =>
  withSystemRole(cli.database.db, 'intake', (tx) => findCredential(tx, hashApiKey(key)));

describe('api-keys', () => {
  it('shows a key once that stands for the agency, and stores only its hash', async () => {
    const { id, key } = await create('--role', 'agency', '--name', 'CRM');
    expect(key).toMatch(/^swy_[\w-]{43}$/);
    expect(await credential(key)).toEqual({ keyId: id, agencyId, locationId: null, role: 'agency' });
    const stored = await cli.database.ownerDb.selectFrom('api_keys').selectAll().where('id', '=', id).execute();
    const audited = await cli.json(['audit', 'list', ...agency]);
    const listed = await cli.json<object[]>(['api-keys', 'list', ...agency]);
    expect(JSON.stringify([stored, audited, listed])).not.toContain(key.slice(4));
    expect(listed).toMatchObject([{ id, name: 'CRM', role: 'agency', state: 'valid' }]);
  });

  it('makes keys of one location', async () => {
    const { key } = await create('--role', 'webhook', '--name', 'Form', '--location', masterId);
    expect(await credential(key)).toMatchObject({ locationId: masterId, role: 'webhook' });
    const ran = await cli.run([
      'api-keys',
      'create',
      ...agency,
      '--role',
      'webhook',
      '--name',
      'F',
      '--location',
      masterId,
    ]);
    expect(ran.out).toContain('x-switchyard-secret: swy_');
  });

  it('ends a key after its time', async () => {
    const { key, expiresAt } = await create('--role', 'agency', '--name', 'Short', '--expires', '90d');
    expect(Date.parse(expiresAt!) - Date.now()).toBeGreaterThan(89 * 86_400_000);
    await cli.database.ownerDb
      .updateTable('api_keys')
      .set({ expires_at: new Date(Date.now() - 1_000) })
      .where('name', '=', 'Short')
      .execute();
    expect(await credential(key)).toBeUndefined();
    expect(await cli.json(['api-keys', 'list', ...agency])).toMatchObject([{ state: 'expired' }]);
  });

  it('revokes a key at once, and only once', async () => {
    const { id, key } = await create('--role', 'agency', '--name', 'Gone');
    expect((await cli.run(['api-keys', 'revoke', id, ...agency])).code).toBe(0);
    expect(await credential(key)).toBeUndefined();
    const again = await cli.run(['api-keys', 'revoke', id, ...agency]);
    expect(again).toMatchObject({ code: 1 });
    expect(again.error).toContain('has no valid key');
  });

  it.each([
    [['--role', 'location', '--name', 'A'], '--location: a key of the role location'],
    [['--role', 'king', '--name', 'A'], '--role: wanted is agency, location or webhook'],
    [['--role', 'agency', '--name', 'A', '--expires', '3 weeks'], '--expires: wanted is a number of hours or days'],
  ])('does not understand %j', async (args, message) => {
    const ran = await cli.run(['api-keys', 'create', ...agency, ...args]);
    expect(ran.code).toBe(2);
    expect(ran.error).toContain(message);
  });

  it('does not make a key for a location of another agency', async () => {
    const other = await cli.createAgency('Other');
    const args = ['--role', 'location', '--name', 'A', '--location', other.masterLocationId];
    expect(await cli.run(['api-keys', 'create', ...agency, ...args])).toMatchObject({ code: 1 });
  });
});

describe('installs set-token', () => {
  const TOKEN = 'pit-01234567-89ab-cdef-0123-456789abcdef';
  const connected = async () => {
    const args = ['locations', 'add', ...agency, '--name', 'A', '--ghl-location-id', `ghl-${agencyId}`];
    return (await cli.json<{ id: string }>(args)).id;
  };
  const store = () => createTokenStore(cli.database.db, parseKeyRing(cli.environment['ENCRYPTION_KEYS']!));

  it('stores the token sealed, and the location counts as installed', async () => {
    const locationId = await connected();
    const ran = await cli.run(['installs', 'set-token', ...agency, '--location', locationId, '-f', '-'], `${TOKEN}\n`);
    expect(ran).toMatchObject({ code: 0, error: '' });
    expect(ran.out).not.toContain(TOKEN);
    const install = await store().findInstall({ agencyId, locationId });
    expect(install).toMatchObject({ accessToken: TOKEN, kind: 'pit', userType: 'Location', expiresAt: null });
    const rows = await cli.database.ownerDb.selectFrom('installs').selectAll().execute();
    expect(rows.some((row) => row.access_token.includes(TOKEN))).toBe(false);
    const [location] = (
      await cli.json<{ id: string; installedAt: string | null }[]>(['locations', 'list', ...agency])
    ).filter(({ id }) => id === locationId);
    expect(location?.installedAt).not.toBeNull();
    expect(await cli.json(['installs', 'list', ...agency])).toMatchObject([{ of: 'A', status: 'active', kind: 'pit' }]);
    expect(JSON.stringify(await cli.json(['audit', 'list', ...agency]))).not.toContain(TOKEN);
  });

  it('reads the token from a file and replaces the one before', async () => {
    const locationId = await connected();
    for (const token of [TOKEN, `${TOKEN}-new`]) {
      await cli.file('token.txt', token);
      await cli.json(['installs', 'set-token', ...agency, '--location', locationId, '--token-file', 'token.txt']);
    }
    expect(await store().findInstall({ agencyId, locationId })).toMatchObject({ accessToken: `${TOKEN}-new` });
  });

  it('refuses what is no token, an account GHL does not know, and a token on the command line', async () => {
    const locationId = await connected();
    const args = ['installs', 'set-token', ...agency, '-f', '-'];
    expect(await cli.run([...args, '--location', locationId], 'two words')).toMatchObject({ code: 2 });
    expect((await cli.run([...args, '--location', masterId], TOKEN)).error).toContain('has no GHL id');
    expect((await cli.run(args, TOKEN)).error).toContain('has no GHL company id');
    expect(await cli.run(['installs', 'set-token', ...agency, '--token', TOKEN])).toMatchObject({ code: 2 });
    expect(await cli.json(['installs', 'list', ...agency])).toEqual([]);
  });
});

describe('triggers', () => {
  const add = (...args: string[]) => cli.run(['triggers', 'add', ...agency, '--location', masterId, ...args]);
  const list = () => cli.json<{ id: string }[]>(['triggers', 'list', ...agency, '--location', masterId]);

  it('are added, listed and removed', async () => {
    await add('--name', 'asks-again', '--tag', 'Quote wanted');
    await add('--name', 'status', '--field', 'f1', '--value', 'hot');
    const triggers = await list();
    expect(triggers).toMatchObject([
      { name: 'asks-again', kind: 'tag', subject: 'Quote wanted', value: null },
      { name: 'status', kind: 'field', subject: 'f1', value: 'hot' },
    ]);
    expect((await cli.run(['triggers', 'remove', triggers[0]!.id, ...agency])).out).toContain('asks-again');
    expect(await list()).toHaveLength(1);
    expect((await cli.run(['triggers', 'remove', triggers[0]!.id, ...agency])).code).toBe(1);
  });

  it('refuses a name that is taken', async () => {
    await add('--name', 'same', '--tag', 'a');
    expect((await add('--name', 'same', '--tag', 'b')).error).toContain('has a trigger of this name already');
  });

  it.each([
    [['--name', 'Upper Case', '--tag', 'a'], '--name'],
    [['--name', 'a'], 'either a tag or a field'],
    [['--name', 'a', '--tag', 'a', '--field', 'b'], 'either a tag or a field'],
    [['--name', 'a', '--tag', 'a', '--value', 'b'], 'only a field has a value'],
  ])('does not understand %j', async (args, message) => {
    const ran = await add(...args);
    expect(ran.code).toBe(2);
    expect(ran.error).toContain(message);
  });
});
