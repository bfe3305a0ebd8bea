import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { company, one, rows, startHarness, two } from './harness.ts';
import type { Answer, Harness } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
  await harness.control.seed({
    saasPlans: [{ id: 'plan-1', companyId: company, title: 'Gold', price: 297 }],
    companies: [{ id: 'company-2' }],
    locations: [{ id: 'foreign', companyId: 'company-2' }],
  });
});
afterEach(() => harness.simulator.close());

const call = (method: string, path: string, body?: object): Promise<Answer> =>
  harness.ask(method, path, { token: 'pit-company', version: '2021-04-15', ...(body ? { body } : {}) });
const subscription = (prefix: string, locationId = one): Promise<Answer> =>
  call('GET', `${prefix}/get-saas-subscription/${locationId}?companyId=${company}`);

describe.each([
  ['/saas-api/public-api', 200],
  ['/saas', 201],
])('SaaS under %s', (prefix, created) => {
  const enable = (change: object = {}): Promise<Answer> =>
    call('POST', `${prefix}/enable-saas/${one}`, {
      companyId: company,
      isSaaSV2: true,
      saasPlanId: 'plan-1',
      ...change,
    });

  it('is enabled, paused, rebilled and read', async () => {
    expect((await subscription(prefix)).status).toBe(400);
    expect((await enable()).status).toBe(created);
    expect((await subscription(prefix)).body).toMatchObject({
      locationId: one,
      saasMode: 'saasV2',
      saasPlanId: 'plan-1',
      subscriptionStatus: 'active',
    });
    const paused = await call('POST', `${prefix}/pause/${one}`, { paused: true, companyId: company });
    expect([paused.status, paused.body]).toEqual([created, true]);
    const config = { optIn: true, enabled: true, markup: 5 };
    await call('POST', `${prefix}/update-rebilling/${company}`, { product: 'Phone', locationIds: [one], config });
    expect(await harness.control.listRecords('saasAccounts', one)).toMatchObject([
      { paused: true, rebilling: { Phone: config } },
    ]);
    expect((await call('GET', `${prefix}/locations?companyId=${company}`)).body).toEqual([one]);
  });

  it('is enabled and disabled for many, none of them of another agency', async () => {
    const bulk = (locationIds: string[]): Promise<Answer> =>
      call('POST', `${prefix}/bulk-enable-saas/${company}`, {
        locationIds,
        isSaaSV2: true,
        actionPayload: { saasPlanId: 'plan-1' },
      });
    expect((await bulk([one, 'foreign'])).status).toBe(403);
    expect(await harness.control.listRecords('saasAccounts')).toEqual([]);
    expect((await bulk([one, two])).status).toBe(created);
    await call('POST', `${prefix}/bulk-disable-saas/${company}`, { locationIds: [one] });
    const left = await call('GET', `${prefix}/saas-locations/${company}?page=1`);
    expect(rows(left.body, 'locations').map(({ locationId }) => locationId)).toEqual([two]);
    expect((await subscription(prefix)).status).toBe(400);
  });

  it('needs the highest plan, a known SaaS plan and a product that exists', async () => {
    expect((await enable({ saasPlanId: 'none' })).status).toBe(400);
    const rebilling = { product: 'Coffee', locationIds: [one], config: { optIn: true, enabled: true, markup: 5 } };
    expect((await call('POST', `${prefix}/update-rebilling/${company}`, rebilling)).status).toBe(422);
    await harness.control.seed({ companies: [{ id: company, plan: 'starter' }] });
    expect((await enable()).status).toBe(403);
    expect((await harness.ask('GET', `${prefix}/agency-plans/${company}`)).status).toBe(401);
  });

  it('shows the agency its plans', async () => {
    const plans = await call('GET', `${prefix}/agency-plans/${company}`);
    expect(plans.body).toMatchObject([{ planId: 'plan-1', title: 'Gold', prices: [{ amount: 297 }] }]);
    expect((await call('GET', `${prefix}/saas-plan/plan-1?companyId=${company}`)).body['title']).toBe('Gold');
    expect((await call('GET', `${prefix}/agency-plans/company-2`)).status).toBe(403);
  });
});
