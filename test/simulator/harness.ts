import { createControlClient } from '../../simulator/control-client.ts';
import type { ControlClient, SeedInput } from '../../simulator/control-client.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import type { Simulator, SimulatorOptions } from '../../simulator/simulator.ts';

/** An answer of the simulator with its JSON body. */
export interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

/** A request beyond its method and path; `token` defaults to location one's. */
export interface Ask {
  token?: string | null;
  version?: string | null;
  body?: unknown;
  form?: Record<string, string>;
}

export interface Harness {
  simulator: Simulator;
  control: ControlClient;
  ask(method: string, path: string, options?: Ask): Promise<Answer>;
}

export const company = 'company-1';
export const one = 'location-1';
export const two = 'location-2';
export const clientId = '0123456789abcdef01234567-abcdefgh';
export const clientSecret = 'secret-1';

/** One agency with an app, two locations, a pipeline and a token of every class. */
export const basicSeed: SeedInput = {
  companies: [{ id: company, name: 'Agency' }],
  apps: [{ clientId, clientSecret }],
  locations: [
    { id: one, companyId: company, name: 'One' },
    { id: two, companyId: company, name: 'Two' },
  ],
  users: [
    { id: 'user-1', companyId: company, locationIds: [one], firstName: 'Ada', lastName: 'Rep', email: 'ada@x.test' },
  ],
  pipelines: [
    {
      id: 'pipeline-1',
      locationId: one,
      name: 'Sales',
      stages: [
        { id: 'stage-1', name: 'New' },
        { id: 'stage-2', name: 'Won' },
      ],
    },
  ],
  tokens: [
    {
      token: 'location-1-token',
      class: 'Location',
      companyId: company,
      locationId: one,
      refreshToken: 'location-1-refresh',
    },
    { token: 'location-2-token', class: 'Location', companyId: company, locationId: two },
    { token: 'company-token', class: 'Company', companyId: company, refreshToken: 'company-refresh' },
    { token: 'pit-company', class: 'Company', companyId: company },
    { token: 'pit-location', class: 'Location', companyId: company, locationId: one },
  ],
};

/** Starts a seeded simulator with the means to call it as an app and to control it. */
export async function startHarness(options: SimulatorOptions = {}): Promise<Harness> {
  const simulator = await startSimulator(options);
  const control = createControlClient(simulator.url);
  await control.seed(basicSeed);
  return {
    simulator,
    control,
    async ask(method, path, { token = 'location-1-token', version = '2021-07-28', body, form } = {}) {
      const headers: Record<string, string> = {};
      if (token) headers['authorization'] = `Bearer ${token}`;
      if (version) headers['version'] = version;
      if (body !== undefined) headers['content-type'] = 'application/json';
      const response = await fetch(`${simulator.url}${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(form ? { body: new URLSearchParams(form) } : {}),
      });
      return { status: response.status, headers: response.headers, body: (await response.json()) as Answer['body'] };
    },
  };
}

/** Returns the object under a key of a body, so that tests can read on. */
export function inner(body: Record<string, unknown>, key: string): Record<string, unknown> {
  const value = body[key];
  if (typeof value !== 'object' || value === null) throw new TypeError(`${key} is no object`);
  return value as Record<string, unknown>;
}

/** Returns the list under a key of a body. */
export function rows(body: Record<string, unknown>, key: string): Record<string, unknown>[] {
  const value = body[key];
  if (!Array.isArray(value)) throw new TypeError(`${key} is no list`);
  return value as Record<string, unknown>[];
}
