import { HighLevel, MemorySessionStorage } from '@gohighlevel/api-client';
import type { ValidConfig } from '@gohighlevel/api-client';
import { clientId, clientSecret, company, one, startHarness } from '../harness.ts';
import type { Harness } from '../harness.ts';

/** The vendor's own client, unchanged, with the simulator in GHL's place. */
export interface Vendor {
  harness: Harness;
  sdk: HighLevel;
  storage: MemorySessionStorage;
  close(): Promise<void>;
}

/** Makes a client of the simulator at `url`: the base URL is the one thing that has to be told otherwise. */
export function createSdk(url: string, config: ValidConfig): HighLevel {
  const sdk = new HighLevel({ logLevel: 'none', ...config });
  sdk.getHttpClient().defaults.baseURL = url;
  return sdk;
}

/** Starts a simulator and a client that holds tokens of the agency and of location one. */
export async function startVendor(config: Partial<ValidConfig> = {}): Promise<Vendor> {
  const harness = await startHarness();
  const sessionStorage = new MemorySessionStorage();
  const sdk = createSdk(harness.simulator.url, { clientId, clientSecret, sessionStorage, ...config });
  const lasting = { companyId: company, expires_in: 86_399 };
  await sessionStorage.setSession(company, {
    ...lasting,
    access_token: 'company-token',
    refresh_token: 'company-refresh',
    userType: 'Company',
  });
  await sessionStorage.setSession(one, {
    ...lasting,
    access_token: 'location-1-token',
    refresh_token: 'location-1-refresh',
    userType: 'Location',
    locationId: one,
  });
  return { harness, sdk, storage: sessionStorage, close: () => harness.simulator.close() };
}

/** For calls that name no location: the client finds its token by this header. */
export const inOne = { headers: { locationId: one } };
