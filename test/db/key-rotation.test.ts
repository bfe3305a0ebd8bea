import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseKeyRing } from '../../crypto/key-ring.ts';
import { seal, UnsealError, unseal } from '../../crypto/seal.ts';
import { connectSecretOf } from '../../db/connect-links.ts';
import { candidateOf } from '../../db/credential-rotations.ts';
import { createTokenStore, saveInstall } from '../../db/installs.ts';
import { countSealedRows, rotateSealedRows } from '../../db/key-rotation.ts';
import { openAddress, sealAddress } from '../../db/notice-subscriptions.ts';
import { recordRefusedDelivery } from '../../db/refused-deliveries.ts';
import { withScope, withSystemRole } from '../../db/scope.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { plantTenant, type Tenant } from './plant-tenant.ts';

const first = `1:${randomBytes(32).toString('base64')}`;
const second = `2:${randomBytes(32).toString('base64')}`;
const old = parseKeyRing(`${first},${second}:standby`);
const both = parseKeyRing(`${first},${second}`);
const newOnly = parseKeyRing(second);

let database: TestDatabase;
let ours: Tenant;
let theirs: Tenant;
beforeEach(async () => {
  database = await createTestDatabase();
  ours = await plantTenant(database.ownerDb, 'ours');
  theirs = await plantTenant(database.ownerDb, 'theirs');
  await database.ownerDb.deleteFrom('installs').execute();
  await database.ownerDb.deleteFrom('credential_rotations').execute();
  await database.ownerDb.deleteFrom('webhook_endpoints').execute();
});
afterEach(() => database.drop());

const tokens = (name: string) => ({ accessToken: name, refreshToken: `${name}-refresh`, expiresAt: null, scopes: [] });
const install = async (tenant: Tenant, locationId: string, name: string, keys = old) => {
  const owner = { agencyId: tenant.agencyId, locationId, kind: 'oauth', userType: 'Location' } as const;
  return withScope(database.db, { agencyId: tenant.agencyId }, (tx) =>
    saveInstall(tx, keys, { ...owner, ...tokens(name) }, new Date()),
  );
};
const noticesOf = (tenant: Tenant) => ({ agencyId: tenant.agencyId, locationId: tenant.nearId });
const ownerOf = (tenant: Tenant) => ({ agencyId: tenant.agencyId, locationId: tenant.nearId, purpose: 'event-body' });
/** Events spread over partitions, some with times that no JavaScript date can hold. */
async function plantEvents(tenant: Tenant, number: number, keys = old): Promise<void> {
  const rows = Array.from({ length: number }, (_, index) => ({
    id: uuidv7(),
    received_at: sql<Date>`date_trunc('month', now()) + make_interval(days => ${index % 60}, secs => ${index}::float8 / 1000000)`,
    agency_id: tenant.agencyId,
    location_id: tenant.nearId,
    source: 'ghl' as const,
    event_id: `event-${index}`,
    type: 'ContactCreate',
    status: 'accepted' as const,
    body: seal(keys, Buffer.from(`body ${index}`), ownerOf(tenant)),
  }));
  await database.ownerDb.insertInto('events').values(rows).execute();
}
const readBodies = async (tenant: Tenant, keys: typeof both): Promise<string[]> => {
  const rows = await withScope(database.db, { agencyId: tenant.agencyId }, (tx) =>
    tx.selectFrom('events').select('body').where('body', 'is not', null).execute(),
  );
  return rows.map(({ body }) => unseal(keys, body!, ownerOf(tenant)).toString()).sort();
};
const versions = async (): Promise<(number | undefined)[]> => [
  ...new Set((await countSealedRows(database.db)).map(({ version }) => version)),
];

describe('the rotation of rows', () => {
  it('re-seals every sealed column of all tenants and changes nothing else', async () => {
    await install(ours, ours.nearId, 'ours');
    await install(theirs, theirs.nearId, 'theirs');
    await plantEvents(ours, 130);
    const body = seal(old, Buffer.from('refused'), { agencyId: null, locationId: null, purpose: 'refused-delivery' });
    await withSystemRole(database.db, 'intake', (tx) =>
      recordRefusedDelivery(tx, {
        id: uuidv7(),
        reason: 'bad',
        signature: null,
        path: null,
        headerNames: null,
        digest: null,
        bodyBytes: null,
        body,
      }),
    );
    const candidate = seal(old, Buffer.from('candidate'), candidateOf(ours.agencyId, ours.nearId));
    await database.ownerDb
      .insertInto('credential_rotations')
      .values({ agency_id: ours.agencyId, location_id: ours.nearId, id: uuidv7(), candidate, made_by: 'test' })
      .execute();
    const [code, answer] = (['code', 'answer'] as const).map((secret) =>
      seal(old, Buffer.from(secret), connectSecretOf(ours.agencyId, secret)),
    );
    await database.ownerDb
      .updateTable('connect_links')
      .set({ code: code!, answer: answer! })
      .where('agency_id', '=', ours.agencyId)
      .execute();
    const address = sealAddress(old, 'desk@x.example', noticesOf(ours));
    for (const table of ['notice_subscriptions', 'notice_deliveries'] as const)
      await database.ownerDb
        .updateTable(table)
        .set({ address, recipient: 'address' })
        .where('agency_id', '=', ours.agencyId)
        .execute();
    const bodies = await readBodies(ours, old);
    const before = await database.ownerDb.selectFrom('installs').selectAll().orderBy('id').execute();
    expect(await countSealedRows(database.db)).toEqual([
      { table: 'installs', version: 1, rows: 2 },
      { table: 'events', version: 1, rows: 130 },
      { table: 'refused_deliveries', version: 1, rows: 1 },
      { table: 'connect_links', version: 1, rows: 1 },
      { table: 'credential_rotations', version: 1, rows: 1 },
      { table: 'notice_subscriptions', version: 1, rows: 1 },
      { table: 'notice_deliveries', version: 1, rows: 1 },
    ]);

    expect(await rotateSealedRows(database.db, both)).toEqual({ resealed: 137, unreadable: [], unfinished: 0 });

    expect(await versions()).toEqual([2]);
    const store = createTokenStore(database.db, newOnly);
    const found = await store.findInstall({ agencyId: theirs.agencyId, locationId: theirs.nearId });
    expect(found).toMatchObject({ accessToken: 'theirs', refreshToken: 'theirs-refresh' });
    expect(await readBodies(ours, newOnly)).toEqual(bodies);
    const refused = await database.ownerDb.selectFrom('refused_deliveries').select('body').executeTakeFirstOrThrow();
    const nobody = { agencyId: null, locationId: null, purpose: 'refused-delivery' };
    expect(unseal(newOnly, refused.body!, nobody).toString()).toBe('refused');
    const rotation = await database.ownerDb.selectFrom('credential_rotations').selectAll().executeTakeFirstOrThrow();
    const tried = unseal(newOnly, rotation.candidate!, candidateOf(ours.agencyId, ours.nearId));
    expect(tried.toString()).toBe('candidate');
    const links = database.ownerDb.selectFrom('connect_links').selectAll().where('agency_id', '=', ours.agencyId);
    const link = await links.executeTakeFirstOrThrow();
    for (const secret of ['code', 'answer'] as const) {
      expect(unseal(newOnly, link[secret]!, connectSecretOf(ours.agencyId, secret)).toString()).toBe(secret);
    }
    for (const table of ['notice_subscriptions', 'notice_deliveries'] as const) {
      const rows = database.ownerDb.selectFrom(table).select('address').where('address', 'is not', null);
      const { address: resealed } = await rows.executeTakeFirstOrThrow();
      expect(openAddress(newOnly, resealed!, noticesOf(ours))).toBe('desk@x.example');
    }
    const plain = (rows: typeof before) => rows.map((row) => ({ ...row, access_token: null, refresh_token: null }));
    const after = await database.ownerDb.selectFrom('installs').selectAll().orderBy('id').execute();
    expect(plain(after)).toEqual(plain(before));
    // Nothing is left to do.
    expect(await rotateSealedRows(database.db, both)).toEqual({ resealed: 0, unreadable: [], unfinished: 0 });
  });

  it('never fails a reader nor takes a refreshed token back, while both go on', async () => {
    await plantEvents(ours, 400);
    const store = createTokenStore(database.db, both);
    const resource = { agencyId: ours.agencyId, locationId: ours.nearId };
    const { installId } = await install(ours, ours.nearId, 'token-1');
    let tokenVersion = 1;
    let isOver = false;
    let reads = 0;
    // As an old process does that has not been restarted yet, and a new one: in turn.
    const refresh = async (): Promise<void> => {
      while (!isOver) {
        const writer = createTokenStore(database.db, tokenVersion % 2 === 0 ? both : old);
        const name = `token-${tokenVersion + 1}`;
        const saved = await writer.saveTokens({ ...resource, installId }, tokenVersion, tokens(name), new Date());
        expect(saved).toBe(true);
        tokenVersion += 1;
        const seen = await store.findInstall(resource);
        expect(seen).toMatchObject({ accessToken: name, refreshToken: `${name}-refresh`, tokenVersion });
      }
    };
    const read = async (): Promise<void> => {
      while (!isOver) {
        expect(await readBodies(ours, both)).toHaveLength(400);
        reads += 1;
      }
    };
    const rotate = rotateSealedRows(database.db, both).finally(() => (isOver = true));
    const [result] = await Promise.all([rotate, refresh(), read()]);
    expect(result.unreadable).toEqual([]);
    expect(result.resealed).toBeGreaterThanOrEqual(400);
    expect(reads).toBeGreaterThan(0);
    expect(tokenVersion).toBeGreaterThan(2);
    // The old process is restarted: one more run, and nothing needs the old key.
    expect(await rotateSealedRows(database.db, both)).toMatchObject({ unfinished: 0 });
    expect(await versions()).toEqual([2]);
    expect(await store.findInstall(resource)).toMatchObject({ accessToken: `token-${tokenVersion}`, tokenVersion });
  });

  it('leaves a row that somebody holds for the next pass, and waits for nobody', async () => {
    const { installId } = await install(ours, ours.nearId, 'held');
    await install(ours, ours.farId, 'free');
    let rotated: Awaited<ReturnType<typeof rotateSealedRows>> | undefined;
    await database.ownerDb.transaction().execute(async (tx) => {
      const owner = { agencyId: ours.agencyId, locationId: ours.nearId, purpose: 'access-token' };
      const access_token = seal(old, Buffer.from('refreshed'), owner);
      await tx.updateTable('installs').set({ access_token }).where('id', '=', installId).execute();
      rotated = await rotateSealedRows(database.db, both);
    });
    expect(rotated).toMatchObject({ resealed: 1, unfinished: 1, unreadable: [] });
    expect(await rotateSealedRows(database.db, both)).toMatchObject({ resealed: 1, unfinished: 0 });
    const store = createTokenStore(database.db, newOnly);
    const found = await store.findInstall({ agencyId: ours.agencyId, locationId: ours.nearId });
    expect(found).toMatchObject({ accessToken: 'refreshed', refreshToken: 'held-refresh' });
  });

  it('goes on where a run was cut off', async () => {
    await plantEvents(ours, 300);
    const crash = new Error('the process dies');
    const cut = rotateSealedRows(database.db, both, ({ resealed }) => {
      if (resealed >= 100) throw crash;
    });
    await expect(cut).rejects.toBe(crash);
    const half = await countSealedRows(database.db);
    expect(half.find(({ version }) => version === 2)?.rows).toBe(100);
    expect(await readBodies(ours, both)).toHaveLength(300);
    expect(await rotateSealedRows(database.db, both)).toEqual({ resealed: 200, unreadable: [], unfinished: 0 });
    expect(await readBodies(ours, newOnly)).toHaveLength(300);
  });

  it('can run twice at once', async () => {
    await plantEvents(ours, 500);
    const results = await Promise.all([rotateSealedRows(database.db, both), rotateSealedRows(database.db, both)]);
    expect(results.map(({ unfinished }) => unfinished)).toEqual([0, 0]);
    // No row was sealed by both.
    expect(results[0].resealed + results[1].resealed).toBe(500);
    expect(await readBodies(ours, newOnly)).toHaveLength(500);
  });

  it('names what does not open, leaves it as it is, and does the rest', async () => {
    const mine = await install(ours, ours.nearId, 'ours');
    await install(ours, ours.farId, 'far');
    const copy = await install(theirs, theirs.nearId, 'theirs');
    const lost = await install(theirs, theirs.farId, 'lost', parseKeyRing(`9:${randomBytes(32).toString('base64')}`));
    await sql`
      update installs set access_token = other.access_token from installs other
      where installs.id = ${copy.installId} and other.id = ${mine.installId}`.execute(database.ownerDb);
    await plantEvents(ours, 1);
    await database.ownerDb
      .updateTable('events')
      .set({ body: randomBytes(1) })
      .where('event_id', '=', 'event-0')
      .execute();
    const found = await rotateSealedRows(database.db, both);
    expect(found.unreadable).toEqual(
      expect.arrayContaining([
        { table: 'installs', id: copy.installId, code: 'Unseal' },
        { table: 'installs', id: lost.installId, code: 'UnknownKeyVersion' },
        { table: 'events', id: expect.any(String) as string, code: 'Unseal' },
      ]),
    );
    expect(found.unreadable).toHaveLength(3);
    expect(found.unfinished).toBe(0);
    const store = createTokenStore(database.db, both);
    await expect(store.findInstall({ agencyId: theirs.agencyId, locationId: theirs.nearId })).rejects.toThrow(
      UnsealError,
    );
    await expect(store.findInstall({ agencyId: theirs.agencyId, locationId: theirs.farId })).rejects.toThrow(
      /key version 9 is not configured: put it into ENCRYPTION_KEYS/,
    );
    const readable = await createTokenStore(database.db, newOnly).findInstall({
      agencyId: ours.agencyId,
      locationId: ours.farId,
    });
    expect(readable).toMatchObject({ accessToken: 'far' });
  });
});
