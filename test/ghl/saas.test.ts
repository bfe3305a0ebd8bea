import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { getInstallation, uninstallApp } from '../../ghl/marketplace.ts';
import { enableSaas, getSaasSubscription, setRebilling, setSaasPaused } from '../../ghl/saas.ts';
import { app } from './ghl-world.ts';
import { agency, here, openResourceWorld } from './resource-world.ts';
import type { ResourceWorld } from './resource-world.ts';

let world: ResourceWorld;
beforeEach(async () => {
  world = await openResourceWorld();
  await world.control.seed({ saasPlans: [{ id: 'plan1', companyId: 'company1', title: 'Basic', price: 97 }] });
});
afterEach(() => world.close());

const accounts = () => world.control.listRecords('saasAccounts');
const enable = () => enableSaas(world.ghl, agency, 'loc1', { isSaaSV2: true, saasPlanId: 'plan1' });

describe('SaaS of a location', () => {
  it('is enabled, paused and billed on', async () => {
    await expect(getSaasSubscription(world.ghl, agency, 'loc1')).rejects.toMatchObject({ code: 'GhlInvalid' });
    const made = await enable();
    expect(await getSaasSubscription(world.ghl, agency, 'loc1')).toMatchObject({
      saasPlanId: 'plan1',
      customerId: made.customerId,
      subscriptionId: made.subscriptionId,
      subscriptionStatus: 'active',
    });
    await setSaasPaused(world.ghl, agency, 'loc1', true);
    const config = { optIn: true, enabled: true, markup: 20 };
    await setRebilling(world.ghl, agency, { product: 'Phone', locationIds: ['loc1'], config });
    expect(await accounts()).toMatchObject([{ locationId: 'loc1', paused: true, rebilling: { Phone: config } }]);
    await setSaasPaused(world.ghl, agency, 'loc1', false);
    expect(await accounts()).toMatchObject([{ paused: false }]);
  });

  it('is refused below the plan that allows it', async () => {
    await world.control.seed({ companies: [{ id: 'company1', plan: 'unlimited' }] });
    await expect(enable()).rejects.toMatchObject({ code: 'GhlForbidden', reason: 'plan' });
    expect(await accounts()).toEqual([]);
  });

  it("is not enabled for another agency's location", async () => {
    await world.control.seed({ companies: [{ id: 'other' }], locations: [{ id: 'foreign', companyId: 'other' }] });
    const call = enableSaas(world.ghl, agency, 'foreign', { isSaaSV2: true });
    await expect(call).rejects.toMatchObject({ code: 'GhlForbidden', reason: 'wrong-tenant' });
  });

  it('may have been enabled although no answer came', async () => {
    await world.control.addFault({ path: '/saas/', failAfterCommit: true, times: 1 });
    await expect(enable()).rejects.toMatchObject({ code: 'GhlUnavailable', ambiguous: true });
    expect(await getSaasSubscription(world.ghl, agency, 'loc1')).toMatchObject({ subscriptionStatus: 'active' });
  });
});

describe('the app itself', () => {
  const appId = app.clientId.split('-')[0]!;

  it('is told by whom it was installed', async () => {
    expect(await getInstallation(world.ghl, here, appId)).toMatchObject({
      companyId: 'company1',
      locationId: 'loc1',
      companyName: 'Agency',
    });
    expect(await getInstallation(world.ghl, agency, appId)).toMatchObject({ companyId: 'company1', locationId: null });
    const other = getInstallation(world.ghl, here, 'another');
    await expect(other).rejects.toMatchObject({ code: 'GhlForbidden', reason: 'wrong-tenant' });
  });

  it('is taken away from one location, and stays in the others', async () => {
    await uninstallApp(world.ghl, here, { appId, reason: 'moved' });
    expect((await world.control.listInstalls()).map(({ locationId }) => locationId)).toEqual(['loc2']);
  });
});
