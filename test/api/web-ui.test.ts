import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../stack/wait.ts';
import { type ApiWorld, createApiWorld } from './api-world.ts';
import { signIn } from './operator-credentials.ts';

/** Stands where the Web UI does and tells what reaches it; the real one is in test/system. */
let ui: Server;
let seen: {
  method?: string | undefined;
  url?: string | undefined;
  headers: IncomingMessage['headers'];
  body: string;
}[];
let answer: (req: IncomingMessage, res: ServerResponse) => void;
let world: ApiWorld;
let apiUrl: string;
let cookie: string;

const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

beforeAll(async () => {
  ui = createServer((req, res) => {
    let body = '';
    req.on('data', (part) => (body += String(part)));
    req.on('end', () => {
      seen.push({ method: req.method, url: req.url, headers: req.headers, body });
      answer(req, res);
    });
  }).listen(0, '127.0.0.1');
  await once(ui, 'listening');
  world = await createApiWorld({
    door: { publicUrl: 'http://127.0.0.1', namespace: 'default', webUiUrl: urlOf(ui) },
  });
  apiUrl = urlOf(world.server);
  cookie = await signIn(world.db, apiUrl);
});
afterAll(async () => {
  await world.close();
  ui.closeAllConnections();
  ui.close();
});
beforeEach(() => {
  seen = [];
  answer = (_req, res) => res.setHeader('content-type', 'application/json').end('{"ok":true}');
});

const API = '/temporal/api/v1/namespaces/default/workflows';
const ID = 'lead-intake%2F01890a5d-ac96-774b-bcce-b302099a8057%2F01890a5d-ac96-774b-bcce-b302099a8058';
const get = (path: string, headers: Record<string, string> = {}) => world.http.get(path).set({ cookie, ...headers });
const post = (path: string, headers: Record<string, string> = {}) =>
  world.http.post(path).set({ cookie, 'sec-fetch-site': 'same-origin', ...headers });
const noted = () =>
  world.ownerDb
    .selectFrom('audit_log')
    .select(['actor', 'subject', 'after'])
    .where('action', '=', 'web-ui.change')
    .orderBy('sequence')
    .execute();

describe('the way to the Web UI', () => {
  it('lets nobody through who is not signed in, agencies’ keys least of all', async () => {
    const { agency } = world.agency.keys;
    const strangers: Record<string, string>[] = [
      {},
      { authorization: `Bearer ${agency}` },
      { cookie: `switchyard_session=${agency}` },
      { 'x-switchyard-secret': world.agency.keys.webhook },
    ];
    for (const headers of strangers) {
      for (const path of ['/temporal', '/temporal/', `${API}/${ID}`, '/TEMPORAL/api/v1/settings']) {
        const refused = await world.http.get(path).set(headers).expect(401);
        expect(refused.body).toMatchObject({ code: 'not-signed-in' });
      }
      await world.http.post(`${API}/${ID}/terminate`).set(headers).send('{}').expect(401);
    }
    expect(seen).toEqual([]);
  });

  it('shows a person who is not signed in how to be', async () => {
    const page = await world.http.get('/temporal').set('accept', 'text/html,*/*;q=0.8').expect(401);
    expect(page.headers['content-type']).toContain('text/html');
    expect(page.text).toContain('<code>cli operators sign-in-link --name &lt;you');
  });

  it('leads nowhere else on its server, however the path is written', async () => {
    const ask = async (path: string): Promise<number | undefined> => {
      const { hostname, port } = new URL(apiUrl);
      // Neither fetch nor supertest sends dots as they are.
      const sent = request({ hostname, port, path, headers: { cookie } }).end();
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      response.resume();
      return response.statusCode;
    };
    const dots = ['/temporal/../metrics', '/temporal/%2e%2e/metrics', '/temporal/../temporalx/a'];
    // What a server may take for dots that lead out when it has spelt the slash.
    const hidden = [
      '/temporal/..%2fmetrics',
      '/temporal/a%2F..%2F..%5cmetrics',
      '/temporal/%2E.%2Fmetrics',
      '/temporal/..;/x',
    ];
    for (const path of [...dots, ...hidden]) expect([path, await ask(path)]).toEqual([path, 404]);
    expect(await ask('http://elsewhere.example/temporal/../metrics')).toBe(404);
    expect(seen).toEqual([]);
    expect(await ask('/temporal/a/../b')).toBe(200);
    expect(seen).toMatchObject([{ url: '/temporal/b' }]);
  });

  it('passes request and answer on as they are, but no credential of ours and no header of one connection', async () => {
    answer = (_req, res) => {
      res.writeHead(202, { 'content-type': 'text/plain', 'set-cookie': ['_csrf=a', 'b=c'], 'x-ui': 'yes' });
      res.end('taken');
    };
    const headers = {
      cookie: `_csrf=token; ${cookie}; other=1`,
      authorization: 'Bearer something',
      'x-csrf-token': 'token',
      'x-forwarded-for': '10.0.0.1',
    };
    const passed = await post(`${API}/${ID}/signal/x?a=%2F`, headers).send({ some: 'input' }).expect(202, 'taken');
    expect(passed.headers).toMatchObject({ 'x-ui': 'yes', 'set-cookie': ['_csrf=a', 'b=c'] });
    expect(seen).toMatchObject([{ method: 'POST', url: `${API}/${ID}/signal/x?a=%2F`, body: '{"some":"input"}' }]);
    const [{ headers: sent }] = seen as [(typeof seen)[0]];
    expect(sent).toMatchObject({
      cookie: '_csrf=token; other=1',
      'x-csrf-token': 'token',
      host: new URL(urlOf(ui)).host,
    });
    expect(sent).not.toHaveProperty('authorization');
    expect(sent).not.toHaveProperty('x-forwarded-for');
  });

  it('passes nothing on that would change something and does not come from our own pages', async () => {
    const before = (await noted()).length;
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }]) {
      const refused = await post(`${API}/${ID}/terminate`, headers).send('{}').expect(403);
      expect(refused.body).toMatchObject({ code: 'other-origin' });
    }
    await world.http.post(`${API}/${ID}/terminate`).set({ cookie, origin: 'https://elsewhere.example' }).expect(403);
    await world.http.delete(`${API}/${ID}`).set({ cookie }).expect(403);
    expect(seen).toEqual([]);
    expect(await noted()).toHaveLength(before);
  });

  it('notes who changed what, before it is passed on; queries and looks are none', async () => {
    const before = (await noted()).length;
    await get(`${API}/${ID}`).expect(200);
    await post(`${API}/${ID}/query/__temporal_workflow_metadata`).send('{}').expect(200);
    await post(`${API}/${ID}/terminate?reason=ann%40example.com`).send({ reason: 'no' }).expect(200);
    // A path that would be another one over there is noted as that other one.
    await post(`${API}/${ID}/query/../terminate`).send('{}').expect(200);
    const workflow = { actor: 'operator:Ann', subject: `workflow:${decodeURIComponent(ID)}` };
    const after = { method: 'POST', path: `${API}/${ID}/terminate` };
    const rows = (await noted()).slice(before);
    expect(rows).toMatchObject([
      { ...workflow, after },
      { ...workflow, after },
    ]);
    expect(JSON.stringify(rows)).not.toContain('example.com');
  });

  it('asks the Web UI and no other host, whatever a request names', async () => {
    const socket = connect(Number(new URL(apiUrl).port), '127.0.0.1');
    socket.write(
      `GET http://192.0.2.1/temporal/x HTTP/1.1\r\nhost: x\r\ncookie: ${cookie}\r\nconnection: close\r\n\r\n`,
    );
    let text = '';
    socket.on('data', (part) => (text += String(part)));
    await once(socket, 'close');
    expect(text).toMatch(/^HTTP\/1\.1 200/);
    expect(seen).toMatchObject([{ url: '/temporal/x' }]);
  });

  it('gives the app’s page the policy it lacks, and leaves one that is there', async () => {
    answer = (_req, res) => res.setHeader('content-type', 'text/html').end('<html>');
    const app = await get('/temporal/namespaces').expect(200);
    expect(app.headers['content-security-policy']).toContain("default-src 'self'");
    answer = (_req, res) => {
      res.setHeader('content-type', 'text/html').setHeader('content-security-policy', 'sandbox').end('<html>');
    };
    expect((await get('/temporal/other')).headers['content-security-policy']).toBe('sandbox');
  });

  it('finds what the Web UI draws for its frames where it is, whether or not its path stands twice', async () => {
    const drawnAt = (path: string) => (req: IncomingMessage, res: ServerResponse) => {
      if (req.url?.startsWith(`${path}?`)) res.setHeader('content-security-policy', 'sandbox');
      res.setHeader('content-type', 'text/html').end(req.url);
    };
    for (const path of ['/temporal/render', '/temporal/temporal/render']) {
      answer = drawnAt(path);
      const drawn = await get('/temporal/render?content=a%20b').expect(200);
      expect(drawn.text).toBe(`${path}?content=a%20b`);
    }
  });

  it('says that the Web UI is away, and ends what is in the air when the process stops', async () => {
    const door = { publicUrl: 'http://127.0.0.1', namespace: 'default', webUiUrl: urlOf(ui) };
    const other = await createApiWorld({ door });
    const otherCookie = await signIn(other.db, urlOf(other.server));
    answer = () => {};
    const waiting = fetch(`${urlOf(other.server)}/temporal/poll`, { headers: { cookie: otherCookie } });
    await waitFor('the poll to arrive', () => seen.length === 1);
    await other.service.stop();
    const ended = await waiting;
    expect(ended.status).toBe(429);
    expect(await ended.json()).toMatchObject({ code: 'draining' });
    await other.close();

    const nowhere = await createApiWorld({ door: { ...door, webUiUrl: 'http://127.0.0.1:1' } });
    const headers = { cookie: await signIn(nowhere.db, urlOf(nowhere.server)) };
    const away = await nowhere.http.get('/temporal/').set(headers).expect(503);
    expect(away.body).toMatchObject({ code: 'web-ui-unavailable' });
    await nowhere.close();
  });

  it('is not there without a Web UI, and says what to set', async () => {
    const other = await createApiWorld();
    const missing = await other.http.get('/temporal').expect(404);
    expect(missing.headers['content-type']).toContain('application/problem+json');
    expect((missing.body as { detail: string }).detail).toContain('TEMPORAL_UI_URL');
    await other.close();
  });
});
