import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { unseal } from '../../crypto/seal.ts';
import { connectSecretOf } from '../../db/connect-links.ts';
import type { GhlDoor } from '../../domain/authorize-url.ts';
import { onwardOf } from '../stack/connect-link.ts';
import { waitToPass } from '../stack/wait.ts';
import { type ApiWorld, createApiWorld, keyRing } from './api-world.ts';

const ghlDoor: GhlDoor = {
  authorizeUrl: 'https://marketplace.example/v2/oauth/chooselocation',
  redirectUri: 'https://switchyard.example/oauth/ghl/callback',
  apps: { locations: { clientId: 'app-1', versionId: 'v1' }, provisioning: null },
};
const door = { publicUrl: 'https://switchyard.example', namespace: 'default', webUiUrl: undefined };

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld({ ghlDoor, door });
});
afterAll(() => world.close());
beforeEach(() => {
  world.client.handovers = [];
  world.client.isAway = false;
});

const make = (body: object = {}, key = world.agency.keys.agency) =>
  world.http.post('/v1/agency/connect-links').set('authorization', `Bearer ${key}`).send(body);
const link = async (): Promise<{ id: string; path: string }> => {
  const body = (await make().expect(201)).body as { id: string; url: string };
  const url = new URL(body.url);
  expect(url.origin).toBe('https://switchyard.example');
  return { id: body.id, path: `${url.pathname}${url.search}` };
};
const open = (path: string) => world.http.get(path).redirects(0);
/** Presses the button of a link's page. */
const press = (path: string) => world.http.post(path).set('sec-fetch-site', 'same-origin').redirects(0);
const begun = async () => {
  const made = await link();
  const answer = await press(made.path).expect(200);
  const state = onwardOf(answer.text).searchParams.get('state')!;
  return { ...made, state, cookie: (answer.headers['set-cookie'] as unknown as string[])[0]!.split(';')[0]! };
};
const row = (id: string) =>
  world.ownerDb.selectFrom('connect_links').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
const change = (id: string, values: { expires_at?: Date; opened_at?: Date }) =>
  world.ownerDb.updateTable('connect_links').set(values).where('id', '=', id).execute();

describe('a connect link', () => {
  it('is made by the agency’s key, shown once and stored as a hash', async () => {
    const { id, path } = await link();
    const secret = path.split('link=')[1]!;
    expect(secret).toMatch(/^swc_[\w-]{43}$/);
    expect(JSON.stringify(await row(id))).not.toContain(secret.slice(4));
    expect(world.logLines.join()).not.toContain(secret.slice(4));
    expect(await row(id)).toMatchObject({ agency_id: world.agency.agencyId, purpose: 'locations', opened_at: null });
  });

  it('is not made by a location’s key, for an app that is not there, or with words it does not know', async () => {
    expect((await make({}, world.agency.keys.branch).expect(403)).body).toMatchObject({ code: 'agency-key-needed' });
    expect((await make({ purpose: 'provisioning' }).expect(409)).body).toMatchObject({ code: 'no-app' });
    await make({ purpose: 'all' }).expect(422);
    await make({ minutes: 100_000 }).expect(422);
    await make({}, 'swy_none-of-ours-at-all').expect(401);
  });

  it('leads to GHL’s page with a state that the browser keeps beside', async () => {
    const { id, path } = await link();
    const answer = await press(path).expect(200);
    const target = onwardOf(answer.text);
    expect(answer.text).toContain('<meta http-equiv="refresh" content="0;url=https://marketplace.example/');
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    expect(`${target.origin}${target.pathname}`).toBe(ghlDoor.authorizeUrl);
    const state = target.searchParams.get('state')!;
    expect(Object.fromEntries(target.searchParams)).toMatchObject({
      client_id: 'app-1',
      version_id: 'v1',
      redirect_uri: ghlDoor.redirectUri,
    });
    const [cookie] = answer.headers['set-cookie'] as unknown as string[];
    expect(cookie).toMatch(
      new RegExp(`^__Host-switchyard_connect=${state}; Max-Age=3600; Path=/; .*HttpOnly; Secure; SameSite=Lax$`),
    );
    expect((await row(id)).opened_at).not.toBeNull();
  });

  it('opens once: of 20 who open it at the same moment one is led on', async () => {
    const { path } = await link();
    const answers = await Promise.all(Array.from({ length: 20 }, () => press(path)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 19 }, () => 401)]);
  });

  it('is not used up by who looks where it leads, as chats and mail filters do', async () => {
    const { id, path } = await link();
    await world.http.head(path).expect(200);
    const { text, headers } = await open(path).set('accept', 'text/html').expect(200);
    expect(headers['set-cookie']).toBeUndefined();
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'origin' });
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(text).toContain('<form method="post"><p><button>Go on to GHL</button>');
    expect(text).not.toMatch(new RegExp(`${path.split('link=')[1]!}|<script`));
    expect(await row(id)).toMatchObject({ opened_at: null, state_hash: null });
    await press(path).expect(200);
    expect((await open(path).set('accept', 'text/html').expect(401)).text).not.toContain('<form');
  });

  it('opens by its own page alone: another one could have its visitor connect what somebody else began', async () => {
    const { id, path } = await link();
    for (const site of ['cross-site', 'same-site', 'none']) await press(path).set('sec-fetch-site', site).expect(403);
    await world.http.post(path).set('origin', 'https://elsewhere.example').expect(403);
    expect((await row(id)).opened_at).toBeNull();
    await press(path).expect(200);
  });

  it('does not open after its time', async () => {
    const { id, path } = await link();
    await change(id, { expires_at: new Date(Date.now() - 1_000) });
    for (const ask of [open, press])
      expect((await ask(path).expect(401)).body).toMatchObject({ code: 'link-not-valid' });
    await change(id, { expires_at: new Date(Date.now() + 60_000) });
    await press(path).expect(200);
  });

  it.each(['', '?link=', '?link=swc_short', `?link=swc_${'a'.repeat(43)}`, '?link=a&link=b', '?link[x]=1'])(
    'is no other word: %j',
    async (query) => {
      for (const ask of [open, press]) await ask(`/oauth/ghl/start${query}`).expect(401);
    },
  );

  it('tells a person by a page what to do', async () => {
    const answer = await open('/oauth/ghl/start?link=used').set('accept', 'text/html').expect(401);
    expect(answer.text).toContain('<code>cli agency connect');
  });
});

describe('the code that comes back', () => {
  it('is stored sealed with the work of a workflow, and the browser goes on without it', async () => {
    const { id, state } = await begun();
    const answer = await open(`/oauth/ghl/callback?code=the-code&state=${state}`).expect(303);
    expect(answer.headers['location']).toBe(`/oauth/ghl/result?state=${state}`);
    const stored = await row(id);
    const owner = connectSecretOf(world.agency.agencyId, 'code');
    expect(JSON.parse(unseal(keyRing, stored.code!, owner).toString())).toEqual({
      code: 'the-code',
      redirectUri: ghlDoor.redirectUri,
    });
    // Nobody looks at the page: the relay hands it over.
    await waitToPass(() => expect(world.client.handovers).toMatchObject([{ method: 'startAgencyConnect' }]));
    expect(world.logLines.join()).not.toMatch(new RegExp(`the-code|${state}`));
  });

  it('waits in the inbox while Temporal is away', async () => {
    world.client.isAway = true;
    const { state } = await begun();
    await open(`/oauth/callback?code=the-code&state=${state}`).expect(303);
    const page = await open(`/oauth/ghl/result?state=${state}`).expect(202);
    expect(page.text).toContain('http-equiv="refresh"');
    expect(world.client.handovers).toEqual([]);
    world.client.isAway = false;
    await waitToPass(() => expect(world.client.handovers).toMatchObject([{ method: 'startAgencyConnect' }]));
  });

  it('is the first one: a second changes nothing', async () => {
    const { id, state } = await begun();
    await open(`/oauth/ghl/callback?code=first&state=${state}`).expect(303);
    const before = await row(id);
    await open(`/oauth/ghl/callback?code=second&state=${state}`).expect(303);
    expect(await row(id)).toEqual(before);
  });

  it('is not taken long after the link was opened', async () => {
    const { id, state } = await begun();
    await change(id, { opened_at: new Date(Date.now() - 2 * 3_600_000) });
    await open(`/oauth/ghl/callback?code=late&state=${state}`).expect(303);
    expect(await row(id)).toMatchObject({ code: null, code_at: null });
    await open(`/oauth/ghl/result?state=${state}`).expect(400);
  });

  it('is found by the cookie only where there is no state', async () => {
    const { id, cookie } = await begun();
    const strange = `swc_${'a'.repeat(43)}`;
    await open(`/oauth/ghl/callback?code=c&state=${strange}`).set('cookie', cookie).expect(400);
    await open('/oauth/ghl/callback?code=c&state=').set('cookie', cookie).expect(400);
    await open('/oauth/ghl/callback?code=c').expect(400);
    expect((await row(id)).code_at).toBeNull();
    await open('/oauth/ghl/callback?code=c').set('cookie', `other=1; ${cookie}`).expect(303);
    expect((await row(id)).code_at).not.toBeNull();
  });

  it.each(['', '&code=', `&code=${'x'.repeat(3_000)}`, '&code=a%20b', '&code=a&code=b'])(
    'must be one: %j is none',
    async (query) => {
      const { id, state } = await begun();
      await open(`/oauth/ghl/callback?state=${state}${query}`).expect(400);
      expect((await row(id)).code_at).toBeNull();
    },
  );
});
