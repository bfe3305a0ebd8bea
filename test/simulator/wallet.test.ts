import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { company, one, startHarness } from './harness.ts';
import type { Answer, Harness } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
  await harness.control.seed({
    companies: [{ id: 'company-2' }],
    locations: [{ id: 'foreign', companyId: 'company-2' }],
    wallets: [{ id: one, companyId: company, locationId: one, balance: 12.5 }],
  });
});
afterAll(() => harness.simulator.close());

const ask = (method: string, path: string, body?: object, version = 'v3'): Promise<Answer> =>
  harness.ask(method, path, { token: 'pit-company', version, ...(body ? { body } : {}) });
const walletOf = (companyId: string, locationId: string): string =>
  `/saas-api/public-api/companies/${companyId}/locations/${locationId}/wallet-balance`;

describe('the wallet of a location', () => {
  it('tells its balance, and takes credits on top of those it has', async () => {
    const path = walletOf(company, one);
    expect((await ask('GET', path)).body).toMatchObject({ balance: 12.5, complimentaryCredits: 0 });
    await ask('POST', `${path}/complimentary-credits`, { complimentaryCreditsAmount: 5 });
    const more = await ask('POST', `${path}/complimentary-credits`, { complimentaryCreditsAmount: 2 });
    expect([more.status, more.body['complimentaryCredits']]).toEqual([200, 7]);
    expect((await ask('GET', path)).body).toMatchObject({ balance: 12.5, complimentaryCredits: 7 });
  });

  it('is there in the newer version alone, and for the own agency', async () => {
    expect((await ask('GET', walletOf(company, one), undefined, '2021-04-15')).status).toBe(404);
    expect((await ask('GET', walletOf('company-2', 'foreign'))).status).toBe(403);
    expect((await ask('GET', walletOf(company, 'foreign'))).status).toBe(403);
    expect((await harness.ask('GET', walletOf(company, one), { version: 'v3' })).status).toBe(401);
  });
});

describe('rebilling that is attached before SaaS begins', () => {
  const attach = (body: object): Promise<Answer> => ask('POST', `/saas/allow-attach-rebilling/${one}`, body);
  const wanted = { companyId: company, attachedRebillingConfig: { Phone: { enabled: true, markup: 3 } } };

  it('is taken once, while the account waits to be set up, and told in percent', async () => {
    expect((await attach(wanted)).status).toBe(422);
    await harness.control.seed({
      saasAccounts: [{ id: one, companyId: company, locationId: one, enabled: false, setup: 'setup_pending' }],
    });
    const attached = await attach(wanted);
    expect(attached.body).toMatchObject({
      success: true,
      locationId: one,
      attachedRebillingConfig: { Phone: { enabled: true, markup: 200 } },
    });
    expect((await attach(wanted)).status).toBe(422);
  });

  it('names products that exist', async () => {
    const refused = await attach({ ...wanted, attachedRebillingConfig: { Fax: { enabled: true, markup: 1 } } });
    expect(refused.status).toBe(422);
  });
});
