import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { company, one, startHarness, two } from './harness.ts';
import type { Harness } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.simulator.close());

const read = (token?: string): ReturnType<Harness['ask']> =>
  harness.ask('GET', '/users/user-1', token ? { token } : {});

describe('rate limits', () => {
  it('tells the whole budget on every answer', async () => {
    const { headers } = await harness.ask('GET', '/contacts/nobody');
    expect(headers.get('x-ratelimit-max')).toBe('100');
    expect(headers.get('x-ratelimit-remaining')).toBe('99');
    expect(headers.get('x-ratelimit-interval-milliseconds')).toBe('10000');
    expect(headers.get('x-ratelimit-limit-daily')).toBe('200000');
    expect(headers.get('x-ratelimit-daily-remaining')).toBe('199999');
    expect(Number(headers.get('x-ratelimit-daily-reset'))).toBeGreaterThan(86_000_000);
  });

  it('refuses above the burst limit until the window has passed', async () => {
    await harness.control.changeLocation(one, { rateLimit: { max: 2 } });
    const statuses = [(await read()).status, (await read()).status, (await read()).status];
    expect(statuses).toEqual([200, 200, 429]);
    await harness.control.advanceClock(10_000);
    expect((await read()).status).toBe(200);
  });

  it('refuses above the daily limit until the next day', async () => {
    await harness.control.changeLocation(one, { rateLimit: { daily: 1 } });
    await read();
    const refused = await read();
    expect(refused.status).toBe(429);
    expect(refused.headers.get('x-ratelimit-daily-remaining')).toBe('0');
    await harness.control.advanceClock(86_400_000);
    await harness.control.seed({
      tokens: [{ token: 'tomorrow', class: 'Location', companyId: company, locationId: one }],
    });
    expect((await read('tomorrow')).status).toBe(200);
  });

  it('counts each location apart, and all private tokens of one together', async () => {
    await harness.control.changeLocation(one, { rateLimit: { max: 1 } });
    await harness.control.seed({
      tokens: [{ token: 'pit-second', class: 'Location', companyId: company, locationId: one }],
    });
    expect((await read()).status).toBe(200);
    expect((await read('pit-location')).status).toBe(200);
    expect((await read('pit-second')).status).toBe(429);
    expect((await harness.ask('GET', `/locations/${two}`, { token: 'location-2-token' })).status).toBe(200);
  });
});
