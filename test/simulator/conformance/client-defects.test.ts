import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientId, clientSecret, company, one } from '../harness.ts';
import { createSdk, startVendor } from './client.ts';
import type { Vendor } from './client.ts';

let vendor: Vendor;
beforeEach(async () => {
  vendor = await startVendor();
});
afterEach(() => vendor.close());

/** Differences that are the client's own: what it is known to do wrong against GHL, it does wrong here as well. */
describe('the vendor’s client, version 3.1.0', () => {
  it('does not refresh for a call that names its location in the body only', async () => {
    await vendor.harness.control.advanceClock(86_400_000);
    const upsert = vendor.sdk.contacts.upsertContact({ locationId: one, email: 'a@x.test' });
    await expect(upsert).rejects.toMatchObject({ statusCode: 401, message: 'Invalid JWT' });
    expect((await vendor.harness.control.getCalls()).counts).toEqual({ 'POST /contacts/upsert 401': 1 });
  });

  it('spends an agency’s refresh token once for each stale location, which the grace period forgives', async () => {
    const { harness, storage, sdk } = vendor;
    const ids = ['stale-1', 'stale-2', 'stale-3'];
    await harness.control.seed({ locations: ids.map((id) => ({ id, companyId: company })) });
    const session = await storage.getSession(company);
    await storage.setSession(company, { ...session, expires_in: 0 });
    const stale = {
      companyId: company,
      userType: 'Location',
      access_token: 'over',
      refresh_token: 'over',
      expires_in: 0,
    };
    for (const id of ids) await storage.setSession(id, { ...stale, locationId: id });
    // Slow enough that each begins its refresh before the first has ended.
    await harness.control.addFault({ path: '^/oauth/token$', latencyMs: 300 });
    const reads = await Promise.all(
      ids.map((locationId) => sdk.locations.getLocation({ locationId }, { preferredTokenType: 'location' })),
    );
    expect(reads.map(({ location }) => location?.id)).toEqual(ids);
    const { counts } = await harness.control.getCalls();
    expect([counts['POST /oauth/token 200'], counts['POST /oauth/token 400']]).toEqual([3, 3]);
  });

  it('lets a webhook without a signature pass', async () => {
    const sdk = createSdk(vendor.harness.simulator.url, { clientId, clientSecret, webhookPublicKey: 'unused' });
    const request = { headers: {}, method: 'POST', url: '/', body: { appId: clientId.split('-')[0] } };
    await new Promise<void>((resolve) => void sdk.webhooks.subscribe()(request, {}, () => resolve()));
    expect(request).toMatchObject({ skippedSignatureVerification: true });
  });
});
