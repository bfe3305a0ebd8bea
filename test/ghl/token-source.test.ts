import { afterEach, describe, expect, it } from 'vitest';
import { getContact, upsertContact } from '../../ghl/contacts.ts';
import { exchangeCode, listInstalledLocations } from '../../ghl/oauth.ts';
import { app, company, interactive, location, openGhlWorld } from './ghl-world.ts';
import type { GhlWorld } from './ghl-world.ts';

let world: GhlWorld;
afterEach(() => world.close());

describe('an expired access token', () => {
  it('is refreshed once for ten calls at the same time in two processes', async () => {
    world = await openGhlWorld();
    await world.giveLocationTokens('expired');
    const gateways = [world.openGateway(), world.openGateway()];
    const calls = Array.from({ length: 10 }, (_unused, index) => {
      const fields = { firstName: 'Ann', email: `ann${index}@example.com` };
      return upsertContact(gateways[index % 2]!, interactive, fields);
    });
    const results = await Promise.all(calls);
    expect(results.every((result) => result.isNew)).toBe(true);
    expect(await world.countCalls(/\/oauth\/token/)).toBe(1);
    expect(world.tokens.get(location)).toMatchObject({ tokenVersion: 2, status: 'active' });
  });

  it('is refreshed before it is used when our own clock says so', async () => {
    world = await openGhlWorld();
    await world.giveLocationTokens('valid');
    const { accessToken, refreshToken } = world.tokens.get(location);
    world.tokens.put(location, { accessToken, refreshToken, expiresAt: new Date(Date.now() + 30_000) });
    const contact = await world.control.createContact({ locationId: 'loc1', firstName: 'Ann' });
    await getContact(world.openGateway(), interactive, contact.id);
    expect(await world.countCalls(/\/oauth\/token 200/)).toBe(1);
    expect(await world.countCalls(/ 401$/)).toBe(0);
  });

  it('is recovered within the grace when the answer of the refresh is lost', async () => {
    world = await openGhlWorld();
    await world.giveLocationTokens('expired');
    await world.control.addFault({ path: '/oauth/token', cutAfterCommit: true, times: 1 });
    const { contact } = await upsertContact(world.openGateway(), interactive, { email: 'ann@example.com' });
    expect(contact.email).toBe('ann@example.com');
    expect(await world.countCalls(/\/oauth\/token/)).toBe(2);
    expect(world.tokens.marks).toEqual([]);
  });

  it('is not refreshed by a second process while a first one holds the lease', async () => {
    world = await openGhlWorld();
    await world.giveLocationTokens('expired');
    await world.control.addFault({ path: '/oauth/token', latencyMs: 400, times: 1 });
    const [first, second] = [world.openGateway(), world.openGateway()];
    await Promise.all([
      upsertContact(first, interactive, { email: 'a@example.com' }),
      upsertContact(second, interactive, { email: 'b@example.com' }),
    ]);
    expect(await world.countCalls(/\/oauth\/token/)).toBe(1);
  });

  it('leaves the install to a person when the refresh token is of no use', async () => {
    world = await openGhlWorld();
    await world.giveLocationTokens('expired');
    await world.control.revokeTokens({ token: 'refresh-1' });
    const gateway = world.openGateway();
    const call = () => upsertContact(gateway, interactive, { email: 'ann@example.com' });
    await expect(call()).rejects.toMatchObject({ code: 'GhlAuthExpired', reason: 'grant-refused' });
    expect(world.tokens.marks).toEqual(['needs_reauth: grant-refused']);
    await world.control.resetCalls();
    await expect(call()).rejects.toMatchObject({ code: 'GhlAuthExpired', reason: 'needs-reauth' });
    expect(await world.countCalls(/./)).toBe(0);
  });

  it('keeps the install when the token endpoint is down', async () => {
    world = await openGhlWorld();
    await world.giveLocationTokens('expired');
    await world.control.addFault({ path: '/oauth/token', status: 503 });
    const gateway = world.openGateway();
    const call = () => upsertContact(gateway, interactive, { email: 'ann@example.com' });
    await expect(call()).rejects.toMatchObject({ code: 'GhlUnavailable' });
    expect(world.tokens.get(location).status).toBe('active');
    await world.control.clearFaults();
    await expect(call()).resolves.toMatchObject({ isNew: true });
  });

  it('pauses a location that GHL has switched off, and only for a while', async () => {
    world = await openGhlWorld();
    await world.giveLocationTokens('expired');
    await world.control.changeLocation('loc1', { active: false });
    let nowMs = Date.now();
    const gateway = world.openGateway({ now: () => new Date(nowMs) });
    const call = () => upsertContact(gateway, interactive, { email: 'ann@example.com' });
    await expect(call()).rejects.toMatchObject({ code: 'GhlForbidden', reason: 'location-inactive' });
    expect(world.tokens.get(location).status).toBe('active');
    await world.control.resetCalls();
    await expect(call()).rejects.toMatchObject({ code: 'GhlForbidden', reason: 'location-inactive' });
    expect(await world.countCalls(/./)).toBe(0);
    await world.control.changeLocation('loc1', { active: true });
    nowMs += 15 * 60_000;
    await expect(call()).resolves.toMatchObject({ isNew: true });
  });

  it('blames no install when the credentials of the app are missing', async () => {
    world = await openGhlWorld();
    await world.giveLocationTokens('expired');
    const call = upsertContact(world.openGateway({ app: null }), interactive, { email: 'ann@example.com' });
    await expect(call).rejects.toMatchObject({ code: 'GhlForbidden', reason: 'no-app' });
    expect(world.tokens.marks).toEqual([]);
  });
});

describe('a token that works', () => {
  /** A process that tells how often it has read the install. */
  const openCounting = (installRememberedMs?: number) => {
    let reads = 0;
    const findInstall: typeof world.tokens.findInstall = (resource) => {
      reads += 1;
      return world.tokens.findInstall(resource);
    };
    const tokens = { ...world.tokens, findInstall };
    const gateway = world.openGateway({ tokens, ...(installRememberedMs !== undefined && { installRememberedMs }) });
    let calls = 0;
    const call = () => upsertContact(gateway, interactive, { email: `ann${(calls += 1)}@example.com` });
    return { call, reads: () => reads };
  };

  it('is read once for calls that follow each other', async () => {
    world = await openGhlWorld();
    await world.giveLocationTokens('valid');
    const { call, reads } = openCounting(60_000);
    for (let turn = 0; turn < 5; turn += 1) await call();
    expect(reads()).toBe(1);
  });

  it('is forgotten when GHL refuses it: what is stored by then is used, and nothing is refreshed', async () => {
    world = await openGhlWorld();
    await world.giveLocationTokens('valid');
    const { call, reads } = openCounting();
    await call();
    const of = { class: 'Location', companyId: 'company1', locationId: 'loc1', clientId: app.clientId } as const;
    await world.control.seed({ tokens: [{ ...of, token: 'access-2', refreshToken: 'refresh-2' }] });
    await world.control.revokeTokens({ token: 'access-1' });
    world.tokens.put(location, { ...world.tokens.get(location), accessToken: 'access-2', refreshToken: 'refresh-2' });
    await expect(call()).resolves.toMatchObject({ isNew: true });
    expect(reads()).toBe(2);
    expect(await world.countCalls(/\/oauth\/token/)).toBe(0);
  });

  it('is used no longer than its moment after another process has ended it', async () => {
    world = await openGhlWorld();
    await world.giveLocationTokens('valid');
    const { call, reads } = openCounting(200);
    await call();
    world.tokens.put(location, { ...world.tokens.get(location), status: 'uninstalled' });
    // A call outlasts the moment at most once: the next reads the install again, and is the first that could know.
    const readsBefore = reads();
    await expect
      .poll(() =>
        call().then(
          () => 'works',
          (error: { reason?: string }) => error.reason,
        ),
      )
      .toBe('not-installed');
    expect(reads()).toBe(readsBefore + 1);
  });
});

describe('a refusal that no refresh cures', () => {
  it.each([
    [401, 'The token is not authorized for this scope.', 'token-scope'],
    [403, 'The token does not have access to this location.', 'wrong-tenant'],
  ])('with %i "%s" is asked once and refreshes nothing', async (status, message, reason) => {
    world = await openGhlWorld();
    await world.giveLocationTokens('valid');
    await world.control.addFault({ path: '/contacts', status, message });
    const call = getContact(world.openGateway(), interactive, 'c1');
    await expect(call).rejects.toMatchObject({ code: 'GhlForbidden', reason, status });
    expect(await world.countCalls(/./)).toBe(1);
  });

  it('is a new token that is refused too: one refresh, one more try, an error', async () => {
    world = await openGhlWorld();
    await world.giveLocationTokens('valid');
    await world.control.addFault({ path: '/contacts', status: 401, message: 'Invalid JWT' });
    const call = getContact(world.openGateway(), interactive, 'c1');
    await expect(call).rejects.toMatchObject({ code: 'GhlAuthExpired' });
    expect(await world.countCalls(/\/contacts/)).toBe(2);
    expect(await world.countCalls(/\/oauth\/token/)).toBe(1);
  });

  it('is that of a private integration token, which marks the install', async () => {
    world = await openGhlWorld();
    world.tokens.put(location, { kind: 'pit', accessToken: 'pit-gone' });
    const call = getContact(world.openGateway(), interactive, 'c1');
    await expect(call).rejects.toMatchObject({ code: 'GhlAuthExpired', reason: 'private-token-refused' });
    expect(world.tokens.get(location).status).toBe('needs_reauth');
    expect(await world.countCalls(/\/oauth\/token/)).toBe(0);
  });
});

describe('a location without tokens of its own', () => {
  const grantCompany = async () => {
    await world.control.seed({ codes: [{ code: 'code-1', class: 'Company', companyId: 'company1' }] });
    const code = { code: 'code-1', redirectUri: 'https://app.example.com/callback' };
    const grant = await exchangeCode(world.openGateway(), code, new Date());
    expect(grant).toMatchObject({ userType: 'Company', ghlCompanyId: 'company1', isBulkInstallation: true });
    world.tokens.put(company, grant.tokens);
  };

  it('gets one from the tokens of its company, once for calls at the same time', async () => {
    world = await openGhlWorld();
    await grantCompany();
    const gateway = world.openGateway();
    const emails = ['a@example.com', 'b@example.com', 'c@example.com'];
    await Promise.all(emails.map((email) => upsertContact(gateway, interactive, { email })));
    expect(await world.countCalls(/\/oauth\/locationToken 201/)).toBe(1);
    expect(world.tokens.get(location)).toMatchObject({ userType: 'Location', status: 'active' });
  });

  it('gets a new one from its company when its own refresh token is of no use', async () => {
    world = await openGhlWorld();
    await grantCompany();
    await world.giveLocationTokens('expired');
    await world.control.revokeTokens({ token: 'refresh-1' });
    const call = upsertContact(world.openGateway(), interactive, { email: 'ann@example.com' });
    await expect(call).resolves.toMatchObject({ isNew: true });
    expect(world.tokens.marks).toEqual([]);
  });

  it('is refused when its company has none either', async () => {
    world = await openGhlWorld();
    const call = getContact(world.openGateway(), interactive, 'c1');
    await expect(call).rejects.toMatchObject({ code: 'GhlForbidden', reason: 'not-installed' });
    expect(await world.countCalls(/./)).toBe(0);
  });

  it('is found in the list of installed locations', async () => {
    world = await openGhlWorld();
    await grantCompany();
    const page = { skip: 0, limit: 50 };
    const listed = await listInstalledLocations(world.openGateway(), { resource: company, lane: 'bulk' }, page);
    expect(listed.map((entry) => entry.ghlLocationId)).toEqual(['loc1', 'loc2']);
  });
});
