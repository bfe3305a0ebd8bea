import { GHLRateLimitError } from '@gohighlevel/api-client';
import { afterEach, describe, expect, it } from 'vitest';
import { one } from '../harness.ts';
import { startVendor } from './client.ts';
import type { Vendor } from './client.ts';

let vendor: Vendor;
afterEach(() => vendor.close());

const read = (): Promise<unknown> => vendor.sdk.opportunities.getPipelines({ locationId: one });

describe('the vendor’s client', () => {
  it('reads the burst limit from the headers of a refusal', async () => {
    vendor = await startVendor();
    await vendor.harness.control.changeLocation(one, { rateLimit: { max: 1 } });
    await read();
    const refused: unknown = await read().catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(GHLRateLimitError);
    expect(refused).toMatchObject({
      statusCode: 429,
      rateLimit: {
        scope: 'burst',
        max: 1,
        remaining: 0,
        intervalMs: 10_000,
        dailyLimit: 200_000,
        dailyRemaining: 199_999,
      },
    });
  });

  it('tells a used up day from a burst', async () => {
    vendor = await startVendor();
    await vendor.harness.control.changeLocation(one, { rateLimit: { daily: 1 } });
    await read();
    await expect(read()).rejects.toMatchObject({
      rateLimit: { scope: 'daily', dailyRemaining: 0, dailyResetMs: expect.any(Number) as number },
    });
  });

  it('waits for the interval that it is told and is served then', async () => {
    vendor = await startVendor({ rateLimitRetry: true });
    await vendor.harness.control.changeLocation(one, { rateLimit: { max: 1, intervalMs: 300 } });
    await read();
    await read();
    const [{ refused = 0, allowed = 0 } = {}] = await vendor.harness.control.listLimits();
    expect([refused, allowed]).toEqual([1, 2]);
  });

  it('names an outage and a lost connection', async () => {
    vendor = await startVendor();
    await vendor.harness.control.addFault({ status: 503, times: 1 });
    await expect(read()).rejects.toMatchObject({ code: 'SERVER', statusCode: 503 });
    await vendor.harness.control.addFault({ cut: true, times: 1 });
    await expect(read()).rejects.toMatchObject({ code: 'NETWORK' });
  });
});
