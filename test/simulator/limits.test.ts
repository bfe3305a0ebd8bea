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

  it('share one bucket between apps and private tokens where GHL is told to', async () => {
    await harness.control.setBehaviour({ rateBucket: 'resource' });
    await harness.control.changeLocation(one, { rateLimit: { max: 1 } });
    expect((await read('pit-location')).status).toBe(200);
    expect((await read()).status).toBe(429);
  });

  it('are smaller for a sandbox agency', async () => {
    await harness.control.seed({ companies: [{ id: company, sandbox: true }] });
    const { headers } = await read();
    expect(headers.get('x-ratelimit-max')).toBe('25');
    expect(headers.get('x-ratelimit-limit-daily')).toBe('10000');
  });

  it('are told on answers to strangers and on unknown paths as well', async () => {
    for (const path of ['/nowhere', '/USERS/user-1', '/users/user-1']) {
      const { headers } = await harness.ask('GET', path, { token: null });
      expect(headers.get('x-ratelimit-remaining')).toBe('100');
      expect(headers.get('x-ratelimit-daily-reset')).toBe('86400000');
    }
  });

  it('say when to come again, and in which words, only where GHL is told to', async () => {
    await harness.control.changeLocation(one, { rateLimit: { max: 1 } });
    await read();
    const silent = await read();
    expect(silent.body).toMatchObject({ statusCode: 429, message: 'Too Many Requests' });
    expect(silent.headers.get('retry-after')).toBeNull();
    await harness.control.setBehaviour({ rateLimitRetryAfter: true, rateLimitBody: { error: 'slow down' } });
    const telling = await read();
    expect(telling.body).toMatchObject({ error: 'slow down' });
    expect(Number(telling.headers.get('retry-after'))).toBeGreaterThan(5);
    await harness.control.setBehaviour({ rateLimitBody: null });
    const bare = await fetch(`${harness.simulator.url}/users/user-1`, {
      headers: { authorization: 'Bearer location-1-token', version: '2021-07-28' },
    });
    expect([bare.status, await bare.text()]).toEqual([429, '']);
  });
});

describe('windows', () => {
  /** Calls at the end of one window and at the start of the next: the double burst that only sliding windows refuse. */
  const burstTwice = async (): Promise<number[]> => {
    await harness.control.changeLocation(one, { rateLimit: { max: 2 } });
    await read();
    await harness.control.advanceClock(8_000);
    const late = (await read()).status;
    await harness.control.advanceClock(3_000);
    return [late, (await read()).status, (await read()).status];
  };

  it('allow a double burst across their border when fixed, and the tally tells', async () => {
    expect(await burstTwice()).toEqual([200, 200, 200]);
    expect(await harness.control.listLimits()).toMatchObject([
      {
        resource: one,
        allowed: 4,
        refused: 0,
        fixedWindows: 2,
        highestInFixedWindow: 2,
        highestInSlidingWindow: 3,
        remaining: 0,
      },
    ]);
  });

  it('refuse it when sliding, until the oldest call is an interval old', async () => {
    await harness.control.setBehaviour({ rateWindow: 'sliding' });
    expect(await burstTwice()).toEqual([200, 200, 429]);
    const [tally] = await harness.control.listLimits();
    expect(tally).toMatchObject({ allowed: 3, refused: 1, highestInSlidingWindow: 2 });
    await harness.control.advanceClock(7_000);
    expect((await read()).status).toBe(200);
  });

  it('run on when the tallies are forgotten', async () => {
    await harness.control.changeLocation(one, { rateLimit: { max: 1 } });
    await read();
    await harness.control.resetLimits();
    expect((await read()).status).toBe(429);
    expect(await harness.control.listLimits()).toMatchObject([{ allowed: 0, refused: 1, highestInFixedWindow: 0 }]);
  });
});
