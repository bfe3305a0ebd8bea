import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitToPass } from '../stack/wait.ts';
import { clientId, clientSecret, company, one, rows, startHarness, two } from './harness.ts';
import type { Answer, Harness } from './harness.ts';
import { startReceiver } from './receiver.ts';
import type { Receiver } from './receiver.ts';

let harness: Harness;
let receiver: Receiver;
beforeEach(async () => {
  [harness, receiver] = await Promise.all([startHarness(), startReceiver()]);
  await harness.control.uninstall({ companyId: company });
  await harness.control.setWebhooks({ url: receiver.url, concurrency: 1 });
});
afterEach(async () => {
  await harness.simulator.close();
  await receiver.close();
});

const redirectUri = 'https://app.example/oauth/callback?from=ghl';
const link = (more: Record<string, string> = {}): Promise<Response> => {
  const query = { response_type: 'code', client_id: clientId, redirect_uri: redirectUri, scope: 'contacts.readonly' };
  return fetch(
    `${harness.simulator.url}/v2/oauth/chooselocation?${new URLSearchParams({ ...query, ...more }).toString()}`,
  );
};
/** Presses the page's button as a browser does: what is hidden in the form goes back with what was ticked. */
const press = async (page: Response, ticked: [string, string][]): Promise<Response> => {
  const html = await page.text();
  const hidden = [...html.matchAll(/type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(
    ([, name = '', value = '']): [string, string] => [name, value.replaceAll('&amp;', '&')],
  );
  return fetch(page.url, { method: 'POST', redirect: 'manual', body: new URLSearchParams([...hidden, ...ticked]) });
};
const landing = (redirected: Response): URL => {
  expect(redirected.status).toBe(302);
  return new URL(redirected.headers.get('location') ?? '');
};
const exchange = (code: string | null): Promise<Answer> => {
  const form = { client_id: clientId, client_secret: clientSecret, grant_type: 'authorization_code', code: code ?? '' };
  return harness.ask('POST', '/oauth/token', { token: null, form });
};
const installedIds = async (token: unknown): Promise<unknown[]> => {
  const path = `/oauth/installedLocations?companyId=${company}&appId=${clientId.split('-')[0]}&isInstalled=true`;
  const { body } = await harness.ask('GET', path, { token: String(token) });
  return [body['installToFutureLocations'], ...rows(body, 'locations').map((location) => location['_id'])];
};

describe('the install page', () => {
  it('lists the agency’s locations and installs into the chosen ones', async () => {
    const page = await link({ state: 'a&b' });
    expect(await page.clone().text()).toMatch(/Agency[\s\S]*One[\s\S]*Two/);
    const target = landing(await press(page, [['locationId', two]]));
    expect(target.href).toContain('https://app.example/oauth/callback?from=ghl&code=');
    expect(target.searchParams.get('state')).toBe('a&b');
    const { body } = await exchange(target.searchParams.get('code'));
    expect(body).toMatchObject({ userType: 'Company', isBulkInstallation: true, approveAllLocations: false });
    expect(body).toMatchObject({ installToFutureLocations: false, approvedLocations: [] });
    expect(await installedIds(body['access_token'])).toEqual([false, two]);
  });

  it('installs everywhere and on locations to come, which announce themselves', async () => {
    const pressed = await press(await link(), [
      ['all', 'true'],
      ['future', 'true'],
    ]);
    const { body } = await exchange(landing(pressed).searchParams.get('code'));
    expect(await installedIds(body['access_token'])).toEqual([true, one, two]);
    const three = await harness.control.addLocation({ companyId: company, name: 'Three' });
    expect(await installedIds(body['access_token'])).toEqual([true, one, two, three.id]);
    await waitToPass(() => {
      expect(receiver.types()).toEqual(['INSTALL', 'INSTALL', 'INSTALL', 'LocationCreate', 'INSTALL']);
    });
    expect(receiver.received.at(-1)?.json).toMatchObject({ installType: 'Location', locationId: three.id });
    expect(receiver.received.at(-1)?.json).toMatchObject({ companyId: company, userId: expect.any(String) as string });
    await harness.control.setBehaviour({ autoInstallNamesCompany: false });
    const four = await harness.control.addLocation({ companyId: company, name: 'Four' });
    await waitToPass(() => {
      expect(receiver.received.at(-1)?.json).toMatchObject({ type: 'INSTALL', locationId: four.id });
    });
    expect(receiver.received.at(-1)?.json).not.toHaveProperty('companyId');
    expect(receiver.received.at(-1)?.json).not.toHaveProperty('userId');
  });

  it('gives a sub-account’s own user a location token', async () => {
    const target = landing(await press(await link(), [['asLocation', one]]));
    expect((await exchange(target.searchParams.get('code'))).body).toMatchObject({
      userType: 'Location',
      locationId: one,
      isBulkInstallation: false,
    });
  });

  it('gives an agency’s app an agency token, without locations to choose', async () => {
    await harness.control.seed({
      apps: [{ clientId, clientSecret, target: 'Company', scopes: ['contacts.readonly', 'saas/company.read'] }],
    });
    const page = await link();
    expect(await page.clone().text()).not.toContain('Two');
    const { body } = await exchange(landing(await press(page, [])).searchParams.get('code'));
    expect(body).toMatchObject({ userType: 'Company', isBulkInstallation: false, scope: 'saas/company.read' });
    expect(await harness.control.listInstalls()).toEqual([]);
  });

  it('lets INSTALL arrive while the code is still unspent', async () => {
    const target = landing(await press(await link(), [['locationId', one]]));
    await waitToPass(() => {
      expect(receiver.types()).toEqual(['INSTALL', 'INSTALL']);
    });
    expect((await exchange(target.searchParams.get('code'))).status).toBe(200);
  });

  it('does not echo the state where GHL is told not to', async () => {
    await harness.control.setBehaviour({ echoState: false });
    const target = landing(await press(await link({ state: 's' }), [['all', 'true']]));
    expect([...target.searchParams.keys()]).toEqual(['from', 'code']);
  });

  it('lets a code run out where GHL is told so', async () => {
    await harness.control.setBehaviour({ codeLifetimeMs: 600_000 });
    const target = landing(await press(await link(), [['all', 'true']]));
    await harness.control.advanceClock(600_000);
    expect((await exchange(target.searchParams.get('code'))).status).toBe(401);
  });

  it.each<[string, Record<string, string>, string]>([
    ['an unknown client', { client_id: 'nobody' }, 'error.invalidclient'],
    ['another response type', { response_type: 'token' }, 'error.invalidresponsetype'],
    ['an address that is none', { redirect_uri: 'nowhere' }, 'error.invalidlink'],
  ])('refuses a link with %s', async (_case, more, code) => {
    const page = await link(more);
    expect([page.status, await page.text()]).toEqual([400, expect.stringContaining(code)]);
  });

  it('sends a code to registered addresses only', async () => {
    const page = await link();
    await harness.control.seed({ apps: [{ clientId, clientSecret, redirectUris: ['https://app.example/other'] }] });
    expect((await link()).status).toBe(400);
    expect((await press(page, [['all', 'true']])).status).toBe(400);
    expect((await link({ redirect_uri: 'https://app.example/other' })).status).toBe(200);
  });

  it('wants the version as measured, where GHL is told so', async () => {
    await harness.control.setBehaviour({ authorizeNeedsVersionId: true });
    expect(await (await link()).text()).toContain('error.noversionid');
    expect(await (await link({ version_id: 'v1' })).text()).toContain('Two');
    expect(await (await link({ version_id: 'v1', client_id: '' })).text()).toBe('');
  });

  it('installs nothing where nothing is chosen', async () => {
    expect((await press(await link(), [])).status).toBe(400);
    expect(await harness.control.listInstalls()).toEqual([]);
  });
});

describe('installing', () => {
  it('tells 500 locations at once', async () => {
    await harness.control.setWebhooks({ url: null });
    const locations = Array.from({ length: 500 }, (_, n) => ({ id: `many-${n}`, companyId: 'company-3' }));
    await harness.control.seed({ companies: [{ id: 'company-3' }], locations });
    await harness.control.setWebhooks({ url: receiver.url, concurrency: 50 });
    await harness.control.install({ companyId: 'company-3' });
    await waitToPass(() => {
      expect(receiver.received.length).toBe(501);
    });
    expect(new Set(receiver.received.map(({ json }) => json['locationId'])).size).toBe(501);
  });

  it('changes the plan and says so', async () => {
    await harness.control.install({ locationId: one });
    await harness.control.changePlan({ locationId: one, newPlanId: 'gold', userId: 'user-1' });
    await waitToPass(() => {
      expect(receiver.types()).toEqual(['INSTALL', 'PLAN_CHANGE']);
    });
    expect(receiver.received[1]?.json).toMatchObject({
      appId: clientId.split('-')[0],
      locationId: one,
      companyId: company,
      userId: 'user-1',
      currentPlanId: clientId.split('-')[0],
      newPlanId: 'gold',
    });
    await expect(harness.control.changePlan({ locationId: two, newPlanId: 'gold' })).rejects.toMatchObject({
      status: 400,
    });
  });

  it('tells an app about its installation and lets it leave', async () => {
    const { code } = await harness.control.install({ locationId: one, userId: 'user-1' });
    const token = String((await exchange(code)).body['access_token']);
    const path = `/marketplace/app/${clientId.split('-')[0]}/installations`;
    expect((await harness.ask('GET', path, { token })).body).toMatchObject({
      installationDetails: { companyId: company, locationId: one, companyName: 'Agency', userId: 'user-1' },
    });
    expect((await harness.ask('GET', path.replace('0123', '9999'), { token })).status).toBe(403);
    expect((await harness.ask('GET', path, { token: 'pit-location' })).status).toBe(401);
    expect((await harness.ask('DELETE', path, { token, body: { locationId: two } })).status).toBe(403);
    expect((await harness.ask('DELETE', path, { token, body: { companyId: company } })).status).toBe(422);
    const left = await harness.ask('DELETE', path, { token, body: { locationId: one, reason: 'done' } });
    expect(left.body).toMatchObject({ success: true });
    expect((await harness.ask('GET', path, { token })).body['message']).toBe('Invalid JWT');
    await waitToPass(() => {
      expect(receiver.types()).toEqual(['INSTALL', 'UNINSTALL']);
    });
  });
});
