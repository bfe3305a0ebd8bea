import type { Clock } from './clock.ts';
import { rateLimitSchema } from './world/records.ts';
import type { RateLimit } from './world/records.ts';
import type { Token } from './world/grants.ts';
import type { World } from './world/world.ts';

const dayMs = 86_400_000;

interface Bucket {
  windowStartMs: number;
  windowCount: number;
  dayStartMs: number;
  dayCount: number;
}

/** What a token's bucket says about one more request. */
interface Allowance {
  allowed: boolean;
  headers: Record<string, string>;
}

/** The request buckets, one for each (client, location or company). */
export interface Limits {
  take(token: Token): Allowance;
}

/**
 * Makes the request buckets. All private integration tokens of a resource share one bucket: making more of them does not
 * raise the limit. Windows are fixed and start with the first request (how GHL cuts its windows is not published).
 */
export function createLimits(world: World, clock: Clock): Limits {
  const buckets = new Map<string, Bucket>();
  return {
    take(token) {
      const limit = limitOf(world, token);
      const nowMs = clock.nowMs();
      const key = `${token.kind === 'pit' ? 'pit' : token.clientId}/${token.locationId ?? token.companyId}`;
      const bucket = roll(buckets.get(key), limit, nowMs);
      buckets.set(key, bucket);
      const allowed = bucket.windowCount < limit.max && bucket.dayCount < limit.daily;
      if (allowed) {
        bucket.windowCount += 1;
        bucket.dayCount += 1;
      }
      return { allowed, headers: headersOf(bucket, limit, nowMs) };
    },
  };
}

function limitOf(world: World, token: Token): RateLimit {
  const own = token.locationId
    ? world.locations.get(token.locationId)?.rateLimit
    : world.companies.get(token.companyId)?.rateLimit;
  return own ?? rateLimitSchema.parse({});
}

function roll(known: Bucket | undefined, limit: RateLimit, nowMs: number): Bucket {
  const bucket = known ?? { windowStartMs: nowMs, windowCount: 0, dayStartMs: nowMs, dayCount: 0 };
  const windowOver = nowMs >= bucket.windowStartMs + limit.intervalMs;
  const dayOver = nowMs >= bucket.dayStartMs + dayMs;
  return {
    windowStartMs: windowOver ? nowMs : bucket.windowStartMs,
    windowCount: windowOver ? 0 : bucket.windowCount,
    dayStartMs: dayOver ? nowMs : bucket.dayStartMs,
    dayCount: dayOver ? 0 : bucket.dayCount,
  };
}

function headersOf(bucket: Bucket, limit: RateLimit, nowMs: number): Record<string, string> {
  return {
    'X-RateLimit-Limit-Daily': String(limit.daily),
    'X-RateLimit-Daily-Remaining': String(Math.max(0, limit.daily - bucket.dayCount)),
    'X-RateLimit-Daily-Reset': String(bucket.dayStartMs + dayMs - nowMs),
    'X-RateLimit-Interval-Milliseconds': String(limit.intervalMs),
    'X-RateLimit-Max': String(limit.max),
    'X-RateLimit-Remaining': String(Math.max(0, limit.max - bucket.windowCount)),
  };
}
