import { UserType } from '@gohighlevel/api-client';
import type { ISessionData } from '@gohighlevel/api-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientId, clientSecret, company, one, two } from '../harness.ts';
import { createSdk, inOne, startVendor } from './client.ts';
import type { Vendor } from './client.ts';

let vendor: Vendor;
beforeEach(async () => {
  vendor = await startVendor();
});
afterEach(() => vendor.close());

const client = { client_id: clientId, client_secret: clientSecret };
const appId = clientId.split('-')[0] ?? '';

describe('the vendor’s client', () => {
  it('opens the install page by the link it builds, and exchanges the code', async () => {
    const { sdk, harness, storage } = vendor;
    const link = new URL(sdk.oauth.getAuthorizationUrl(clientId, 'https://app.example/callback', 'contacts.readonly'));
    const page = await fetch(`${harness.simulator.url}${link.pathname}${link.search}`);
    expect(await page.text()).toContain('Two');
    const choice = {
      client_id: clientId,
      redirect_uri: 'https://app.example/callback',
      companyId: company,
      all: 'true',
    };
    const chosen = await fetch(page.url, { method: 'POST', redirect: 'manual', body: new URLSearchParams(choice) });
    const code = new URL(chosen.headers.get('location') ?? '').searchParams.get('code') ?? '';

    const tokens = await sdk.oauth.getAccessToken({ ...client, grant_type: 'authorization_code', code });
    expect(tokens).toMatchObject({ userType: 'Company', companyId: company, expires_in: 86_399 });
    await storage.setSession(company, { ...tokens });
    const installed = await sdk.oauth.getInstalledLocation({ companyId: company, appId, isInstalled: true });
    expect(installed).toMatchObject({ count: 2, locations: [{ _id: one }, { _id: two }] });
    await expect(sdk.oauth.getAccessToken({ ...client, grant_type: 'authorization_code', code })).rejects.toMatchObject(
      {
        statusCode: 401,
        response: { error: 'UnAuthorized!', error_description: 'Authorization code not found' },
      },
    );
  });

  it('refreshes a pair and mints a location token', async () => {
    const { sdk, storage } = vendor;
    const pair = (await sdk.oauth.refreshToken(
      'company-refresh',
      clientId,
      clientSecret,
      'refresh_token',
      UserType.Company,
    )) as ISessionData;
    expect(pair).toMatchObject({ userType: 'Company', companyId: company });
    expect(pair.access_token).not.toBe('company-token');
    await storage.setSession(company, { ...pair });
    const minted = await sdk.oauth.getLocationAccessToken({ companyId: company, locationId: two });
    expect(minted).toMatchObject({ locationId: two, token_type: 'Bearer' });
    await storage.setSession(two, { ...minted, userType: 'Location' });
    expect(
      (await sdk.locations.getLocation({ locationId: two }, { preferredTokenType: 'location' })).location,
    ).toMatchObject({
      id: two,
    });
  });

  it('gets over a token that ran out: one refresh, and the call goes on', async () => {
    const { sdk, harness } = vendor;
    await harness.control.seed({ contacts: [{ id: 'contact-1', locationId: one, email: 'a@x.test' }] });
    await harness.control.advanceClock(86_400_000);
    const answers = await Promise.all([1, 2, 3].map(() => sdk.contacts.getContact({ contactId: 'contact-1' }, inOne)));
    expect(answers.map((answer) => answer.contact?.id)).toEqual(['contact-1', 'contact-1', 'contact-1']);
    expect((await harness.control.getCalls()).counts).toEqual({
      'GET /contacts/:contactId 401': 3,
      'GET /contacts/:contactId 200': 3,
      'POST /oauth/token 200': 1,
    });
  });

  it('falls back to the agency’s token where the location’s can be refreshed no more', async () => {
    const { sdk, harness } = vendor;
    await harness.control.revokeTokens({ locationId: one, withRefresh: true });
    expect(await sdk.opportunities.getPipelines({ locationId: one })).toMatchObject({
      pipelines: [{ id: 'pipeline-1' }],
    });
    const { counts } = await harness.control.getCalls();
    expect(counts['POST /oauth/locationToken 201']).toBe(1);
  });

  it('names the refusal of a scope', async () => {
    const sdk = createSdk(vendor.harness.simulator.url, { privateIntegrationToken: 'pit-company' });
    await expect(sdk.contacts.getContact({ contactId: 'contact-1' })).rejects.toMatchObject({
      code: 'AUTHENTICATION',
      message: 'The token is not authorized for this scope.',
    });
  });

  it('reads its installation and ends it', async () => {
    const { sdk, harness } = vendor;
    expect(await sdk.marketplace.getInstallerDetails({ appId }, inOne)).toMatchObject({
      installationDetails: { companyId: company, locationId: one },
    });
    const how = { ...inOne, preferredTokenType: 'location' as const };
    expect(await sdk.marketplace.uninstallApplication({ appId }, { locationId: one }, how)).toMatchObject({
      success: true,
    });
    expect(await harness.control.listInstalls(one)).toEqual([]);
  });
});
