import type { BudgetStore } from '../../ghl/budget.ts';
import type { LocationCall } from '../../ghl/calls.ts';
import { createGhlGateway } from '../../ghl/gateway.ts';
import type { GatewayOptions, GhlGateway } from '../../ghl/gateway.ts';
import type { GhlCompanyResource, GhlLocationResource } from '../../ghl/resource.ts';
import { createControlClient } from '../../simulator/control-client.ts';
import type { ControlClient } from '../../simulator/control-client.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import type { SimulatorOptions } from '../../simulator/simulator.ts';
import { suiteEvidence } from '../leaks/evidence.ts';
import { hearGateway } from '../leaks/hear-errors.ts';
import { createTestLogger } from '../stack/test-logger.ts';
import { createMemoryBreakerStore, createMemoryBudgetStore, createMemoryTokenStore } from './memory-stores.ts';
import type { MemoryTokenStore } from './memory-stores.ts';

export const app = { clientId: '0123456789abcdef01234567-appone00', clientSecret: 'app-secret' };
export const company: GhlCompanyResource = { kind: 'company', agencyId: 'agency-1', ghlCompanyId: 'company1' };
export const location: GhlLocationResource = {
  ...company,
  kind: 'location',
  locationId: 'location-1',
  ghlLocationId: 'loc1',
};
export const interactive: LocationCall = { resource: location, lane: 'interactive' };

const HOUR_MS = 3_600_000;

export interface GhlWorld {
  url: string;
  control: ControlClient;
  tokens: MemoryTokenStore;
  budget: BudgetStore;
  /** Gateways of one world share its stores, as processes share a database. */
  openGateway(options?: Partial<GatewayOptions>): GhlGateway;
  /** Seeds tokens that work and gives them to the store; `expired` ones are over for GHL and not for us. */
  giveLocationTokens(state: 'valid' | 'expired'): Promise<void>;
  countCalls(pattern: RegExp): Promise<number>;
  close(): Promise<void>;
}

/** A simulator with one agency of two locations, and the stores of a system that talks to it. */
export async function openGhlWorld(options: SimulatorOptions = {}): Promise<GhlWorld> {
  const simulator = await startSimulator(options);
  const control = createControlClient(simulator.url);
  const tokens = createMemoryTokenStore();
  const budget = createMemoryBudgetStore();
  const breakers = createMemoryBreakerStore();
  const gateways: GhlGateway[] = [];
  await control.seed({
    companies: [{ id: 'company1', name: 'Agency' }],
    apps: [app],
    locations: [
      { id: 'loc1', companyId: 'company1', name: 'One' },
      { id: 'loc2', companyId: 'company1', name: 'Two' },
    ],
    users: [{ id: 'user1', companyId: 'company1', locationIds: ['loc1'], email: 'rep@example.com' }],
    pipelines: [{ id: 'pipe1', locationId: 'loc1', name: 'Sales', stages: [{ id: 'stage1', name: 'New' }] }],
  });
  return {
    url: simulator.url,
    control,
    tokens,
    budget,
    openGateway(given = {}) {
      const common = { baseUrl: simulator.url, app, tokens, budget, breakers, log: createTestLogger() };
      const gateway = hearGateway(suiteEvidence, createGhlGateway({ ...common, ...given }));
      gateways.push(gateway);
      return gateway;
    },
    async giveLocationTokens(state) {
      const expiresInSeconds = state === 'valid' ? 86_399 : -1;
      const refreshToken = 'refresh-1';
      const seeded = { token: 'access-1', class: 'Location', companyId: 'company1', locationId: 'loc1' } as const;
      await control.seed({ tokens: [{ ...seeded, refreshToken, expiresInSeconds }] });
      // By our clock the token is good for hours, so only GHL's refusal tells that it is not.
      const expiresAt = new Date(Date.now() + 20 * HOUR_MS);
      tokens.put(location, { accessToken: 'access-1', refreshToken, expiresAt });
    },
    async countCalls(pattern) {
      const { counts } = await control.getCalls();
      const matching = Object.entries(counts).filter(([route]) => pattern.test(route));
      return matching.reduce((sum, [, count]) => sum + count, 0);
    },
    async close() {
      await Promise.all(gateways.map((gateway) => gateway.close()));
      await simulator.close();
    },
  };
}
