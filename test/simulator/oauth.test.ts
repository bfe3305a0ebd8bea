import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientId, clientSecret, company, one, rows, startHarness, two } from './harness.ts';
import type { Answer, Harness } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.simulator.close());

const client = { client_id: clientId, client_secret: clientSecret };
const refresh = (refreshToken: unknown, asJson = false): Promise<Answer> => {
  const fields = { ...client, grant_type: 'refresh_token', refresh_token: String(refreshToken) };
  return harness.ask('POST', '/oauth/token', {
    token: null,
    version: null,
    ...(asJson ? { body: fields } : { form: fields }),
  });
};

describe('POST /oauth/token', () => {
  it('exchanges an install code once, for a pair that works', async () => {
    const { code } = await harness.control.install({ locationId: one });
    const form = { ...client, grant_type: 'authorization_code', code };
    const first = await harness.ask('POST', '/oauth/token', { token: null, form });
    expect(first.body).toMatchObject({
      token_type: 'Bearer',
      expires_in: 86_399,
      userType: 'Location',
      locationId: one,
      companyId: company,
      refreshTokenId: expect.any(String) as string,
      traceId: expect.any(String) as string,
    });
    const location = await harness.ask('GET', `/locations/${one}`, { token: String(first.body['access_token']) });
    expect(location.status).toBe(200);
    const again = await harness.ask('POST', '/oauth/token', { token: null, form });
    expect(again.status).toBe(401);
    expect(again.body).toMatchObject({ error: 'UnAuthorized!', error_description: 'Authorization code not found' });
  });

  it('answers a wrong client like a wrong code and keeps the code', async () => {
    const { code } = await harness.control.install({ companyId: company });
    const form = { ...client, client_secret: 'wrong', grant_type: 'authorization_code', code };
    const wrong = await harness.ask('POST', '/oauth/token', { token: null, form });
    expect(wrong.body['error_description']).toBe('Authorization code not found');
    const right = await harness.ask('POST', '/oauth/token', {
      token: null,
      body: { ...form, client_secret: clientSecret },
    });
    expect(right.body).toMatchObject({ userType: 'Company', isBulkInstallation: true });
    expect(right.body).not.toHaveProperty('locationId');
  });

  it('returns the same pair to a repeated refresh within 30 seconds and refuses it after', async () => {
    const [form, json] = await Promise.all([refresh('location-1-refresh'), refresh('location-1-refresh', true)]);
    expect(json.body['access_token']).toBe(form.body['access_token']);
    expect(json.body['refresh_token']).toBe(form.body['refresh_token']);
    await harness.control.advanceClock(31_000);
    const late = await refresh('location-1-refresh');
    expect(late.status).toBe(400);
    expect(late.body['error']).toBe('invalid_grant');
    const next = await refresh(form.body['refresh_token']);
    expect(next.status).toBe(200);
    expect(next.body['refresh_token']).not.toBe(form.body['refresh_token']);
  });

  it('keeps the refresh token usable when the exchange never happened', async () => {
    await harness.control.seed({
      tokens: [{ token: 't-lost', class: 'Location', companyId: company, locationId: one, refreshToken: 'r-lost' }],
    });
    await harness.control.addFault({ path: '^/oauth/token$', status: 503, times: 1 });
    expect((await refresh('r-lost')).status).toBe(503);
    expect((await refresh('r-lost')).status).toBe(200);
  });

  it('repeats the lost answer of a refresh that was carried out', async () => {
    await harness.control.seed({
      tokens: [{ token: 't-cut', class: 'Location', companyId: company, locationId: one, refreshToken: 'r-cut' }],
    });
    await harness.control.addFault({ path: '^/oauth/token$', cutAfterCommit: true, times: 1 });
    await expect(refresh('r-cut')).rejects.toThrow();
    expect((await refresh('r-cut')).status).toBe(200);
    await harness.control.advanceClock(31_000);
    expect((await refresh('r-cut')).status).toBe(400);
  });

  it('refuses to refresh for a suspended location', async () => {
    await harness.control.seed({
      tokens: [{ token: 't-idle', class: 'Location', companyId: company, locationId: two, refreshToken: 'r-idle' }],
    });
    await harness.control.changeLocation(two, { active: false });
    const refused = await refresh('r-idle');
    expect(refused.status).toBe(400);
    expect(refused.body['message']).toBe('Location is not active');
    await harness.control.changeLocation(two, { active: true });
    expect((await refresh('r-idle')).status).toBe(200);
  });
});

describe('location tokens of a bulk install', () => {
  it('mints a location token with an agency OAuth token', async () => {
    const form = { companyId: company, locationId: two };
    const minted = await harness.ask('POST', '/oauth/locationToken', { token: 'company-token', form });
    expect(minted.status).toBe(201);
    expect(minted.body).toMatchObject({
      locationId: two,
      expires_in: 86_400,
      refresh_token: expect.any(String) as string,
    });
    expect(String(minted.body['scope'])).toContain('oauth.write');
    const token = String(minted.body['access_token']);
    expect((await harness.ask('GET', `/locations/${two}`, { token })).status).toBe(200);
  });

  it('lists where the app is installed', async () => {
    const path = `/oauth/installedLocations?companyId=${company}&appId=${clientId.split('-')[0]}&isInstalled=true`;
    const before = await harness.ask('GET', path, { token: 'company-token' });
    expect(before.body['count']).toBe(2);
    await harness.control.uninstall({ locationId: two });
    const after = await harness.ask('GET', path, { token: 'company-token' });
    expect(rows(after.body, 'locations').map((location) => location['_id'])).toEqual([one]);
    const form = { companyId: company, locationId: two };
    expect((await harness.ask('POST', '/oauth/locationToken', { token: 'company-token', form })).status).toBe(400);
    expect((await harness.ask('GET', `/locations/${two}`, { token: 'location-2-token' })).status).toBe(401);
    await harness.control.install({ locationId: two });
  });
});

describe('version v3', () => {
  const v3 = { version: 'v3', token: null };

  it('exchanges and refreshes in camel case', async () => {
    const { code } = await harness.control.install({ locationId: one });
    const shared = { clientId, clientSecret };
    const first = await harness.ask('POST', '/oauth/token', {
      ...v3,
      body: { ...shared, grantType: 'authorization_code', code },
    });
    expect(first.body).toMatchObject({ tokenType: 'Bearer', expiresIn: 86_399, userType: 'Location', locationId: one });
    expect(first.body).not.toHaveProperty('access_token');
    const form = { ...shared, grantType: 'refresh_token', refreshToken: String(first.body['refreshToken']) };
    const next = await harness.ask('POST', '/oauth/token', { ...v3, form });
    expect(next.status).toBe(200);
    const repeated = await harness.ask('POST', '/oauth/token', { ...v3, form });
    expect(repeated.body['accessToken']).toBe(next.body['accessToken']);
    await harness.control.advanceClock(31_000);
    expect((await harness.ask('POST', '/oauth/token', { ...v3, form })).body).toMatchObject({
      statusCode: 400,
      message: 'Invalid grant: refresh token is invalid',
    });
  });

  it.each([
    ['v3', { ...client, grant_type: 'refresh_token', refresh_token: 'r' }, 'Missing parameter: clientId'],
    ['v3', { clientId, clientSecret, grantType: 'password' }, 'Invalid parameter: grantType'],
    ['2021-07-28', { client_id: clientId, grant_type: 'refresh_token' }, 'Missing parameter: client_secret'],
  ])('names under %s what is wrong with %o', async (version, body, message) => {
    const refused = await harness.ask('POST', '/oauth/token', { token: null, version, body });
    expect([refused.status, refused.body['message']]).toEqual([400, message]);
  });

  it('mints under its own path, and under the old one as long as GHL serves it', async () => {
    const form = { companyId: company, locationId: two };
    const mint = (path: string, version: string): Promise<Answer> =>
      harness.ask('POST', path, { token: 'company-token', version, form });
    const minted = await mint('/oauth/location-token', 'v3');
    expect([minted.status, minted.body['expiresIn']]).toEqual([201, 86_400]);
    expect((await mint('/oauth/locationToken', 'v3')).status).toBe(201);
    const unknown = await mint('/oauth/location-token', '2021-07-28');
    expect([unknown.status, unknown.body['message']]).toEqual([404, 'Cannot POST /oauth/location-token']);
    await harness.control.setBehaviour({ renamedPathsUnderV3: 'refused' });
    const removed = await mint('/oauth/locationToken', 'v3');
    expect(removed.status).toBe(400);
    expect(removed.body['message']).toMatch(/^Endpoint \/oauth\/locationToken is not available in API version v3\./);
    expect((await mint('/oauth/locationToken', '2021-07-28')).status).toBe(201);
    await harness.control.setBehaviour({ renamedPathsUnderV3: 'served' });
  });

  it('lists installed locations by page tokens', async () => {
    const ask = (more: string, appId = clientId.split('-')[0]): Promise<Answer> =>
      harness.ask('GET', `/oauth/installed-locations?companyId=${company}&appId=${appId}&pageSize=1${more}`, {
        token: 'company-token',
        version: 'v3',
      });
    const first = await ask('');
    expect(rows(first.body, 'items').map((location) => location['_id'])).toEqual([one]);
    expect(first.body['pagination']).toMatchObject({ totalRecords: 2, hasNextPage: true, hasPrevPage: false });
    const { nextPageToken } = first.body['pagination'] as { nextPageToken: string };
    const second = await ask(`&pageToken=${nextPageToken}`);
    expect(rows(second.body, 'items').map((location) => location['_id'])).toEqual([two]);
    expect(second.body['pagination']).toMatchObject({ hasNextPage: false, hasPrevPage: true });
    expect(second.body['pagination']).not.toHaveProperty('nextPageToken');
    expect(await ask('&pageToken=nonsense')).toMatchObject({
      status: 400,
      body: { error: { code: 'INVALID_ARGUMENT' } },
    });
    expect(await ask('', 'another')).toMatchObject({ status: 404, body: { error: { code: 'RESOURCE_NOT_FOUND' } } });
    expect((await ask('&limit=1')).status).toBe(422);
  });
});

describe('what an app may', () => {
  it('follows from its target, and a minted token adds the right to mint', async () => {
    const app = { clientId: 'targeted-app', clientSecret, target: 'Location' as const };
    await harness.control.seed({ apps: [{ ...app, scopes: ['contacts.readonly', 'snapshots.readonly'] }] });
    const { code } = await harness.control.install({ clientId: 'targeted-app', companyId: company });
    const form = { client_id: 'targeted-app', client_secret: clientSecret, grant_type: 'authorization_code', code };
    const { body } = await harness.ask('POST', '/oauth/token', { token: null, form });
    expect(body['scope']).toBe('contacts.readonly');
    await harness.control.seed({
      tokens: [
        {
          token: 'minter',
          class: 'Company',
          companyId: company,
          clientId: 'targeted-app',
          scopes: ['contacts.readonly', 'oauth.write'],
        },
      ],
    });
    const minted = await harness.ask('POST', '/oauth/locationToken', {
      token: 'minter',
      form: { companyId: company, locationId: one },
    });
    expect(minted.body['scope']).toBe('contacts.readonly oauth.write oauth.readonly');
  });
});

describe('a private integration token', () => {
  const read = async (token: string): Promise<number> =>
    (await harness.ask('GET', `/locations/${one}`, { token })).status;

  it('works beside its successor for 7 days', async () => {
    await harness.control.seed({
      tokens: [{ token: 'pit-aging', class: 'Location', companyId: company, locationId: one }],
    });
    const fresh = await harness.control.rotatePrivateToken({ token: 'pit-aging' });
    expect([await read('pit-aging'), await read(fresh)]).toEqual([200, 200]);
    await harness.control.advanceClock(7 * 86_400_000);
    expect([await read('pit-aging'), await read(fresh)]).toEqual([401, 200]);
    const next = await harness.control.rotatePrivateToken({ token: fresh, expireOldNow: true });
    expect([await read(fresh), await read(next)]).toEqual([401, 200]);
    await expect(harness.control.rotatePrivateToken({ token: 'location-1-token' })).rejects.toMatchObject({
      status: 400,
    });
  });
});
