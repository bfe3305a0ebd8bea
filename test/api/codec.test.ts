import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseKeyRing } from '../../crypto/key-ring.ts';
import { createPayloadCodec } from '../../crypto/payload-codec.ts';
import { type ApiWorld, createApiWorld, keyRing } from './api-world.ts';
import { makeOperatorCredential, signIn } from './operator-credentials.ts';

const WORKFLOW = 'lead-intake/01890a5d-ac96-774b-bcce-b302099a8057/01890a5d-ac96-774b-bcce-b302099a8058';

let world: ApiWorld;
let apiUrl: string;
let signedIn: Record<string, string>;
let tokenId: string;
let bearer: Record<string, string>;
beforeAll(async () => {
  world = await createApiWorld();
  apiUrl = `http://127.0.0.1:${(world.server.address() as AddressInfo).port}`;
  signedIn = { cookie: await signIn(world.db, apiUrl), 'sec-fetch-site': 'same-origin' };
  const token = await makeOperatorCredential(world.db, 'token', 'Tom');
  tokenId = token.id;
  bearer = { authorization: `Bearer ${token.secret}` };
});
afterAll(() => world.close());

interface JsonPayload {
  metadata: Record<string, string>;
  data: string;
}
const toJson = ({ metadata, data }: Payload): JsonPayload => ({
  metadata: Object.fromEntries(
    Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
  ),
  data: Buffer.from(data ?? []).toString('base64'),
});
const plain = (value: unknown): JsonPayload => toJson(defaultPayloadConverter.toPayload(value));
const sealed = async (value: unknown, keys = keyRing): Promise<JsonPayload> => {
  const [payload] = await createPayloadCodec(keys).encode([defaultPayloadConverter.toPayload(value)]);
  return toJson(payload!);
};
const ask = (what: 'decode' | 'encode', headers: Record<string, string>, body: string | object) =>
  world.http
    .post(`/codec/${what}?preserveStorageRefs=true`)
    .set({ 'content-type': 'application/json', ...headers })
    .send(body);
const noted = () =>
  world.ownerDb
    .selectFrom('audit_log')
    .select(['agency_id', 'actor', 'subject', 'after', 'origin'])
    .where('action', '=', 'codec.decode')
    .orderBy('sequence')
    .execute();

describe('the codec', () => {
  it('opens what is sealed and gives plain payloads back as they came', async () => {
    const odd = {
      ...plain('as it is'),
      externalPayloads: [{ sizeBytes: '12' }],
      metadata: { encoding: 'anNvbi9wbGFpbg' },
    };
    const payloads = [await sealed({ leadId: 'one' }), odd, await sealed('zwölf'), {}];
    const answer = await ask('decode', signedIn, { payloads }).expect(200);
    expect(answer.body).toEqual({ payloads: [plain({ leadId: 'one' }), odd, plain('zwölf'), {}] });
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it('notes who opened how many payloads of which workflow, and nothing of what they hold', async () => {
    const before = (await noted()).length;
    const page = `${apiUrl}/temporal/namespaces/default/workflows/${encodeURIComponent(WORKFLOW)}/run/history`;
    const payloads = [await sealed('a secret'), await sealed('b'), plain('c')];
    await ask('decode', { ...signedIn, referer: page, 'x-namespace': 'default' }, { payloads }).expect(200);
    await ask('decode', { ...bearer, 'x-namespace': 'default' }, { payloads: [await sealed('d')] }).expect(200);
    const place = { namespace: 'default', workflowId: WORKFLOW };
    const rows = (await noted()).slice(before);
    expect(rows).toEqual([
      {
        agency_id: '00000000-0000-0000-0000-000000000000',
        actor: 'operator:Ann',
        subject: `workflow:${WORKFLOW}`,
        after: { payloads: 2, credentialId: expect.any(String) as string, ...place },
        origin: 'api',
      },
      {
        agency_id: '00000000-0000-0000-0000-000000000000',
        actor: 'operator:Tom',
        subject: 'namespace:default',
        after: { payloads: 1, credentialId: tokenId, namespace: 'default' },
        origin: 'api',
      },
    ]);
  });

  it('keeps what else a request may claim out of the log', async () => {
    const before = (await noted()).length;
    const referer = `${apiUrl}/temporal/namespaces/x/workflows/${encodeURIComponent('ann@example.com')}/`;
    await ask('decode', { ...bearer, referer, 'x-namespace': 'a b' }, { payloads: [await sealed(1)] }).expect(200);
    expect((await noted()).slice(before)).toMatchObject([{ subject: 'namespace:x', after: { namespace: 'x' } }]);
  });

  it('notes nothing for plain payloads: nothing was decrypted', async () => {
    const before = (await noted()).length;
    await ask('decode', signedIn, { payloads: [plain(1)] }).expect(200);
    expect(await noted()).toHaveLength(before);
  });

  it('opens nothing that cannot be noted', async () => {
    const payloads = [await sealed('kept')];
    await world.ownerDb.schema.alterTable('audit_log').renameTo('audit_log_gone').execute();
    const answer = await ask('decode', signedIn, { payloads }).expect(500);
    await world.ownerDb.schema.alterTable('audit_log_gone').renameTo('audit_log').execute();
    expect(answer.body).not.toHaveProperty('payloads');
  });

  it('refuses whoever is not an operator, and decrypts nothing for them', async () => {
    const before = (await noted()).length;
    const link = await makeOperatorCredential(world.db, 'link');
    const body = { payloads: [await sealed('hidden')] };
    const callers: Record<string, string>[] = [
      {},
      { cookie: 'switchyard_session=swo_nothing', 'sec-fetch-site': 'same-origin' },
      { cookie: `switchyard_session=${link.secret}`, 'sec-fetch-site': 'same-origin' },
      { cookie: `switchyard_session=${bearer['authorization']!.slice(7)}`, 'sec-fetch-site': 'same-origin' },
      ...Object.values(world.agency.keys).map((key) => ({ authorization: `Bearer ${key}` })),
      { authorization: `Bearer ${world.neighbour.keys.agency}`, ...signedIn },
      { authorization: `Bearer ${signedIn['cookie']!.split('=')[1]}` },
      { authorization: 'Basic c3dv' },
    ];
    for (const headers of callers) {
      for (const what of ['decode', 'encode'] as const) {
        const answer = await ask(what, headers, body).expect(401);
        expect(answer.body).toMatchObject({ code: 'not-signed-in' });
      }
    }
    expect(await noted()).toHaveLength(before);
  });

  it('ends a token at its time', async () => {
    const { id, secret } = await makeOperatorCredential(world.db, 'token');
    await ask('decode', { authorization: `Bearer ${secret}` }, {}).expect(200);
    const over = { expires_at: new Date(Date.now() - 1_000) };
    await world.ownerDb.updateTable('operator_credentials').set(over).where('id', '=', id).execute();
    await ask('decode', { authorization: `Bearer ${secret}` }, {}).expect(401);
  });

  it('says which payload was changed or sealed elsewhere', async () => {
    const changed = await sealed('changed');
    const bytes = Buffer.from(changed.data, 'base64');
    bytes[20]! ^= 1;
    const payloads = [plain(1), { ...changed, data: bytes.toString('base64') }];
    const answer = await ask('decode', signedIn, { payloads }).expect(422);
    const issues = [{ path: 'payloads.1', message: 'was changed, or was sealed with other keys' }];
    expect(answer.body).toMatchObject({ code: 'payload-not-ours', issues });
    await ask('decode', signedIn, { payloads: [{ ...changed, data: 'AAE=' }] }).expect(422);
    const elsewhere = await sealed('x', parseKeyRing(`1:${randomBytes(32).toString('base64')}`));
    expect((await ask('decode', bearer, { payloads: [elsewhere] }).expect(422)).body).toMatchObject({
      code: 'payload-not-ours',
    });
    const newer = await sealed('x', parseKeyRing(`7:${randomBytes(32).toString('base64')}`));
    expect((await ask('decode', bearer, { payloads: [newer] }).expect(422)).body).toMatchObject({
      code: 'unknown-key-version',
    });
  });

  it('refuses what is not Temporal’s form, and what is too large', async () => {
    await ask('decode', bearer, '{').expect(400);
    await ask('decode', bearer, { payloads: 'all' }).expect(422);
    await ask('decode', bearer, { payloads: [{ metadata: { encoding: 'not base64!' } }] }).expect(422);
    await ask('decode', bearer, { payloads: Array.from({ length: 1_001 }, () => ({})) }).expect(422);
    await ask('decode', bearer, { payloads: [{ data: 'A'.repeat(4 * 1024 * 1024) }] }).expect(413);
    await ask('decode', bearer, { payloads: [{ data: 'A'.repeat(2 * 1024 * 1024) }] }).expect(200);
  });

  it('seals what an operator sends, so that the worker opens it', async () => {
    const answer = await ask('encode', signedIn, { payloads: [plain({ repId: 'r' })] }).expect(200);
    const { payloads } = answer.body as { payloads: JsonPayload[] };
    expect(Buffer.from(payloads[0]!.metadata['encoding']!, 'base64').toString()).toBe('binary/encrypted');
    const back = await ask('decode', signedIn, { payloads }).expect(200);
    expect(back.body).toEqual({ payloads: [plain({ repId: 'r' })] });
  });

  it('is closed while the process drains', async () => {
    const other = await createApiWorld();
    other.service.drain();
    await other.http.post('/codec/decode').send({}).expect(429);
    await other.http.get('/sign-in/any').expect(429);
    await other.http.get('/temporal').expect(429);
    await other.close();
  });
});
