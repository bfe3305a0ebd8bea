import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createService } from '../../api/service.ts';
import { revokeOperatorCredentials } from '../../db/operators.ts';
import { withSystemRole } from '../../db/scope.ts';
import { createTestLogger } from '../stack/test-logger.ts';
import { type ApiWorld, createApiWorld, keyRing } from './api-world.ts';
import { FakeClient } from './fake-client.ts';
import { makeOperatorCredential, signIn } from './operator-credentials.ts';

const PUBLIC_URL = 'https://switchyard.example';
const door = { publicUrl: 'http://127.0.0.1', namespace: 'agency works', webUiUrl: undefined };

let world: ApiWorld;
let apiUrl: string;
beforeAll(async () => {
  world = await createApiWorld({ door });
  apiUrl = `http://127.0.0.1:${(world.server.address() as AddressInfo).port}`;
});
afterAll(() => world.close());

const link = () => makeOperatorCredential(world.db, 'link');
const page = { 'sec-fetch-site': 'same-origin' };
const open = (secret: string, headers: Record<string, string> = {}) =>
  world.http
    .post(`/sign-in/${secret}`)
    .set({ ...page, ...headers })
    .redirects(0);
const look = (secret: string) => world.http.get(`/sign-in/${secret}`).set('accept', 'text/html');
const change = (id: string, values: { expires_at?: Date; revoked_at?: Date }) =>
  world.ownerDb.updateTable('operator_credentials').set(values).where('id', '=', id).execute();
const past = new Date(Date.now() - 1_000);
/** Decoding nothing: 200 for whoever is let in. */
const knock = (headers: Record<string, string>) => world.http.post('/codec/decode').set(headers).send({ payloads: [] });
const fromOurPage = (cookie: string) => ({ cookie, 'sec-fetch-site': 'same-origin' });
const sessions = () =>
  world.ownerDb.selectFrom('operator_credentials').selectAll().where('kind', '=', 'session').execute();

describe('a sign-in link', () => {
  it('gives the browser a session that no script reads, and leads to the list of workflows', async () => {
    const { secret } = await link();
    const answer = await open(secret).expect(303);
    expect(answer.headers['location']).toBe('/temporal/namespaces/agency%20works/workflows');
    expect(answer.headers['cache-control']).toBe('no-store');
    const [cookie] = answer.headers['set-cookie'] as unknown as string[];
    expect(cookie).toMatch(
      /^switchyard_session=swo_[\w-]{43}; Max-Age=43200; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/,
    );
    await knock(fromOurPage(cookie!.split(';')[0]!)).expect(200);
    const stored = JSON.stringify(await sessions());
    expect(stored).not.toContain(cookie!.slice(19, 60));
    expect(world.logLines.join()).not.toContain(secret.slice(4));
  });

  it('opens once: of 20 who open it at the same moment one is let in', async () => {
    const { secret } = await link();
    const before = (await sessions()).length;
    const answers = await Promise.all(Array.from({ length: 20 }, () => open(secret)));
    expect(answers.map(({ status }) => status).sort()).toEqual([303, ...Array.from({ length: 19 }, () => 401)]);
    expect(await sessions()).toHaveLength(before + 1);
    const late = await open(secret).expect(401);
    expect(late.body).toMatchObject({ code: 'link-not-valid' });
    expect(late.headers['set-cookie']).toBeUndefined();
  });

  it('is not used up by who looks where it leads, as chats and mail filters do, and tells its page’s address to nobody', async () => {
    const { secret } = await link();
    await world.http.head(`/sign-in/${secret}`).expect(200);
    const { text, headers } = await look(secret).expect(200);
    expect(headers['set-cookie']).toBeUndefined();
    expect(headers['referrer-policy']).toBe('origin');
    expect(text).toContain('<form method="post"><p><button>Sign in</button>');
    expect(text).not.toContain(secret);
    await open(secret).expect(303);
    expect((await look(secret).expect(401)).text).not.toContain('<form');
  });

  it('opens by its own page alone: another one could sign its visitor in as somebody else', async () => {
    const { secret } = await link();
    for (const site of ['cross-site', 'same-site', 'none']) await open(secret, { 'sec-fetch-site': site }).expect(403);
    await world.http.post(`/sign-in/${secret}`).set('origin', 'https://elsewhere.example').redirects(0).expect(403);
    await open(secret).expect(303);
  });

  it.each(['expires_at', 'revoked_at'] as const)('does not open after %s', async (column) => {
    const { id, secret } = await link();
    await change(id, { [column]: past });
    await open(secret).expect(401);
  });

  it('is no other secret: a token, an agency’s key and made-up words do not open', async () => {
    const token = await makeOperatorCredential(world.db, 'token');
    for (const secret of [token.secret, world.agency.keys.agency, 'swo_', `swo_${'a'.repeat(43)}`, '%00']) {
      await open(secret).expect(401);
    }
  });

  it('tells a person by a page what to do', async () => {
    const answer = await open('used', { accept: 'text/html,*/*;q=0.8' }).expect(401);
    expect(answer.headers['content-type']).toContain('text/html');
    expect(answer.text).toContain('<code>cli operators sign-in-link');
  });

  it('gives a cookie that travels by https only where browsers come by https', async () => {
    const other = await createApiWorld({ door: { ...door, publicUrl: PUBLIC_URL } });
    const { secret } = await makeOperatorCredential(other.db, 'link');
    const answer = await other.http.post(`/sign-in/${secret}`).set('origin', PUBLIC_URL).redirects(0).expect(303);
    const [cookie] = answer.headers['set-cookie'] as unknown as string[];
    expect(cookie).toMatch(/^__Host-switchyard_session=.*; Path=\/; .*HttpOnly; Secure; SameSite=Lax$/);
    const headers = { cookie: cookie!.split(';')[0]!, origin: PUBLIC_URL };
    await other.http.post('/codec/decode').set(headers).send({}).expect(200);
    await other.close();
  });
});

describe('signing in by a token', () => {
  const page = { 'sec-fetch-site': 'same-origin', accept: 'text/html' };
  const byForm = (token: string, headers: Record<string, string> = page) =>
    world.http.post('/sign-in').set(headers).type('form').send({ token }).redirects(0);
  const byHeader = (token: string) => world.http.post('/sign-in').set('authorization', `Bearer ${token}`).redirects(0);
  const cookieOf = (answer: { headers: Record<string, unknown> }) => (answer.headers['set-cookie'] as string[])[0]!;
  const token = (operator?: string) => makeOperatorCredential(world.db, 'token', operator);

  it('gives the session that a link gives, by form and by header, and again: the token stays', async () => {
    const { id, secret } = await token('Fay');
    for (const answer of [await byForm(secret).expect(303), await byHeader(secret).expect(303)]) {
      expect(answer.headers['location']).toBe('/temporal/namespaces/agency%20works/workflows');
      expect(answer.headers['cache-control']).toBe('no-store');
      const cookie = cookieOf(answer);
      expect(cookie).toMatch(/^switchyard_session=swo_[\w-]{43}; Max-Age=\d+; Path=\/; .*HttpOnly; SameSite=Lax$/);
      expect(cookie).not.toContain(secret);
      await knock(fromOurPage(cookie.split(';')[0]!)).expect(200);
    }
    const made = (await sessions()).filter((each) => each.token_id === id);
    expect(made).toHaveLength(2);
    const noted = await world.ownerDb
      .selectFrom('audit_log')
      .select(['subject', 'after', 'origin'])
      .where('action', '=', 'operator.sign-in')
      .where('actor', '=', 'operator:Fay')
      .orderBy('sequence')
      .execute();
    expect(noted.map(({ subject }) => subject).sort()).toEqual(
      made.map((each) => `operator-credential:${each.id}`).sort(),
    );
    expect(noted).toMatchObject([{ after: { tokenId: id }, origin: 'api' }, { after: { tokenId: id } }]);
    expect(world.logLines.join()).not.toContain(secret.slice(4));
  });

  it('ends with the token: at its time, which is sooner than a session’s, and when it is revoked', async () => {
    const { id, secret } = await token();
    const cookie = cookieOf(await byForm(secret).expect(303));
    const lasts = Number(/Max-Age=(\d+)/.exec(cookie)![1]);
    expect(lasts).toBeGreaterThan(500);
    expect(lasts).toBeLessThanOrEqual(600);
    const act = { actor: 'cli:test', origin: 'cli' };
    const revoked = await withSystemRole(world.db, 'operators', (tx) => revokeOperatorCredentials(tx, { id }, act));
    expect(revoked).toHaveLength(2);
    await knock(fromOurPage(cookie.split(';')[0]!)).expect(401);
    await byForm(secret).expect(401);
    const over = await token();
    await change(over.id, { expires_at: past });
    await byHeader(over.secret).expect(401);
  });

  it('takes no other secret, and sets no cookie then', async () => {
    const before = (await sessions()).length;
    const { secret: unopened } = await link();
    const session = cookieOf(await byHeader((await token()).secret))
      .split(';')[0]!
      .split('=')[1]!;
    for (const secret of [unopened, session, world.agency.keys.agency, 'swo_', `swo_${'a'.repeat(43)}`, '']) {
      const refused = await byForm(secret).expect(401);
      expect(refused.text).toContain('The token does not open');
      expect(refused.headers['set-cookie']).toBeUndefined();
      if (secret !== '') expect((await byHeader(secret).expect(401)).body).toMatchObject({ code: 'token-not-valid' });
    }
    expect(await sessions()).toHaveLength(before + 1);
    await open(unopened).expect(303);
  });

  it('takes a form from a page of ours alone, and a small one', async () => {
    const { secret } = await token();
    for (const headers of [{}, { 'sec-fetch-site': 'cross-site' }, { origin: 'https://elsewhere.example' }]) {
      const refused = await byForm(secret, headers).expect(403);
      expect(refused.body).toMatchObject({ code: 'other-origin' });
      expect(refused.headers['set-cookie']).toBeUndefined();
    }
    await byForm('x'.repeat(5_000)).expect(413);
  });

  it('is offered by a page whose form a browser sends with its origin', async () => {
    const shown = await world.http.get('/sign-in').expect(200);
    expect(shown.text).toContain('<form method="post" action="/sign-in">');
    expect(shown.headers['referrer-policy']).toBe('origin');
    expect(shown.headers['content-security-policy']).toContain("form-action 'self'");
    const barred = await world.http.post('/sign-in').set('accept', 'text/html').expect(403);
    expect(barred.headers['set-cookie']).toBeUndefined();
  });
});

describe('a session', () => {
  it('outlives a restart of the API', async () => {
    const cookie = await signIn(world.db, apiUrl);
    const options = { db: world.db, keys: keyRing, client: new FakeClient(), publicKeys: [], door };
    const restarted = createService({ ...options, logger: createTestLogger() });
    const server = createServer(restarted.app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/codec/decode`;
    const answer = await fetch(url, { method: 'POST', headers: fromOurPage(cookie), body: '{}' });
    expect(answer.status).toBe(200);
    server.close();
    server.closeAllConnections();
    await restarted.stop();
  });

  it('ends at its time, and at once when it is revoked by its own id, its link’s or its operator’s name', async () => {
    const revoke = (of: { id: string } | { operator: string }) =>
      withSystemRole(world.db, 'operators', (tx) =>
        revokeOperatorCredentials(tx, of, { actor: 'cli:test', origin: 'cli' }),
      );
    const ways: ((session: { id: string; link_id: string | null }) => Promise<unknown>)[] = [
      ({ id }) => change(id, { expires_at: past }),
      ({ id }) => revoke({ id }),
      ({ link_id: linkId }) => revoke({ id: linkId! }),
      () => revoke({ operator: 'Dora' }),
    ];
    for (const end of ways) {
      const cookie = await signIn(world.db, apiUrl, 'Dora');
      await knock(fromOurPage(cookie)).expect(200);
      const open = (await sessions()).filter((each) => each.operator === 'Dora' && each.expires_at > new Date());
      await end(open.find(({ revoked_at: revokedAt }) => revokedAt === null)!);
      await knock(fromOurPage(cookie)).expect(401);
    }
  });

  it('is sent from our own pages, or changes and decrypts nothing', async () => {
    const cookie = await signIn(world.db, apiUrl);
    const { host } = new URL(apiUrl);
    await knock({ cookie }).expect(403);
    await knock({ cookie, 'sec-fetch-site': 'same-site' }).expect(403);
    await knock({ cookie, 'sec-fetch-site': 'cross-site', origin: apiUrl }).expect(403);
    await knock({ cookie, origin: 'https://elsewhere.example' }).expect(403);
    await knock({ cookie, origin: 'null' }).expect(403);
    await knock({ cookie, origin: `http://${host}` }).expect(200);
    await knock(fromOurPage(cookie)).expect(200);
  });

  it('is noted with the link it was made by', async () => {
    const { id, secret } = await makeOperatorCredential(world.db, 'link', 'Eve');
    await open(secret).expect(303);
    const session = (await sessions()).find(({ link_id: linkId }) => linkId === id);
    const noted = await world.ownerDb
      .selectFrom('audit_log')
      .select(['actor', 'subject', 'after'])
      .where('action', '=', 'operator.sign-in')
      .where('actor', '=', 'operator:Eve')
      .execute();
    expect(noted).toMatchObject([{ subject: `operator-credential:${session?.id}`, after: { linkId: id } }]);
  });
});
