import { z } from 'zod';
import type { Clock } from './clock.ts';
import type { DoorBehaviour } from './behaviour.ts';
import type { Token } from './world/grants.ts';
import { rateLimitSchema } from './world/records.ts';
import type { RateLimit } from './world/records.ts';
import type { World } from './world/world.ts';

const dayMs = 86_400_000;
/** What a sandbox agency was measured to allow. */
const sandboxLimit = { max: 25, daily: 10_000 };
const count = z.number().int().min(0);

/** What is known of one bucket, windows and tally; times are the simulator's, in milliseconds. */
export const bucketSchema = z.object({
  /** The app, `pit` for private tokens, `any` where all share. */
  caller: z.string(),
  resource: z.string(),
  windowStartMs: z.number(),
  windowCount: count,
  dayStartMs: z.number(),
  dayCount: count,
  /** When the requests allowed within the last interval came. */
  recentMs: z.array(z.number()),
  allowed: count,
  refused: count,
  fixedWindows: count,
  highestInFixedWindow: count,
  highestInSlidingWindow: count,
  firstAtMs: z.number().nullable(),
  lastAtMs: z.number().nullable(),
});
type Bucket = z.output<typeof bucketSchema>;

/** What a token's bucket says about one more request. */
interface Allowance {
  allowed: boolean;
  headers: Record<string, string>;
  /** Until the bucket takes a request again; 0 where it does. */
  waitMs: number;
}

/** One bucket as it is shown: how much of its budget was used, and whether more than that was tried. */
export interface LimitUse extends Omit<Bucket, 'recentMs' | 'windowStartMs' | 'dayStartMs'> {
  limit: RateLimit;
  remaining: number;
  dailyRemaining: number;
}

/** The request buckets, one for each (client, location or company). */
export interface Limits {
  take(token: Token): Allowance;
  /** The headers of an answer to a caller without a bucket: the usual limits, untouched. */
  usualHeaders(): Record<string, string>;
  list(): LimitUse[];
  /** Forgets the tallies; the windows run on. */
  resetTallies(): void;
  save(): Bucket[];
  restore(buckets: Bucket[]): void;
}

/**
 * Makes the request buckets. All private integration tokens of a resource share one bucket: making more of them does not
 * raise the limit. Refused requests are not counted against it. Fixed windows and the day start with a first request (how
 * GHL cuts them is not published). Both kinds of window are measured whichever is in force, so that a tally proves a
 * caller's pace by either.
 */
export function createLimits(world: World, clock: Clock, behaviour: DoorBehaviour): Limits {
  const buckets = new Map<string, Bucket>();
  const find = (token: Token, nowMs: number): Bucket => {
    const own = token.kind === 'pit' ? 'pit' : token.clientId;
    const caller = behaviour.rateBucket === 'app' ? own : 'any';
    const resource = token.locationId ?? token.companyId;
    const key = `${caller}/${resource}`;
    const known = buckets.get(key) ?? openBucket(caller, resource, nowMs);
    buckets.set(key, known);
    return known;
  };
  const used = (bucket: Bucket): number =>
    behaviour.rateWindow === 'fixed' ? bucket.windowCount : bucket.recentMs.length;
  const headersOf = (bucket: Bucket, limit: RateLimit, nowMs: number): Record<string, string> => ({
    'X-RateLimit-Limit-Daily': String(limit.daily),
    'X-RateLimit-Daily-Remaining': String(Math.max(0, limit.daily - bucket.dayCount)),
    'X-RateLimit-Daily-Reset': String(bucket.dayStartMs + dayMs - nowMs),
    'X-RateLimit-Interval-Milliseconds': String(limit.intervalMs),
    'X-RateLimit-Max': String(limit.max),
    'X-RateLimit-Remaining': String(Math.max(0, limit.max - used(bucket))),
  });
  const waitOf = (bucket: Bucket, limit: RateLimit, nowMs: number): number => {
    if (bucket.dayCount >= limit.daily) return bucket.dayStartMs + dayMs - nowMs;
    if (used(bucket) < limit.max) return 0;
    const startMs = behaviour.rateWindow === 'fixed' ? bucket.windowStartMs : bucket.recentMs.at(-limit.max);
    return (startMs ?? nowMs) + limit.intervalMs - nowMs;
  };

  return {
    take(token) {
      const nowMs = clock.nowMs();
      const limit = limitOf(world, token.locationId ?? token.companyId);
      const bucket = find(token, nowMs);
      roll(bucket, limit, nowMs);
      const waitMs = waitOf(bucket, limit, nowMs);
      if (waitMs > 0) bucket.refused += 1;
      else countIn(bucket, nowMs);
      return { allowed: waitMs <= 0, waitMs: Math.max(0, waitMs), headers: headersOf(bucket, limit, nowMs) };
    },
    usualHeaders() {
      const nowMs = clock.nowMs();
      return headersOf(openBucket('', '', nowMs), rateLimitSchema.parse({}), nowMs);
    },
    list() {
      const nowMs = clock.nowMs();
      return [...buckets.values()].map((bucket) => {
        const limit = limitOf(world, bucket.resource);
        roll(bucket, limit, nowMs);
        const { recentMs: _recent, windowStartMs: _window, dayStartMs: _day, ...shown } = bucket;
        return { ...shown, limit, remaining: limit.max - used(bucket), dailyRemaining: limit.daily - bucket.dayCount };
      });
    },
    resetTallies() {
      for (const bucket of buckets.values()) Object.assign(bucket, emptyTally);
    },
    save: () => [...buckets.values()],
    restore(saved) {
      for (const bucket of saved) buckets.set(`${bucket.caller}/${bucket.resource}`, bucket);
    },
  };
}

const emptyTally = {
  allowed: 0,
  refused: 0,
  fixedWindows: 0,
  highestInFixedWindow: 0,
  highestInSlidingWindow: 0,
  firstAtMs: null,
  lastAtMs: null,
};

function openBucket(caller: string, resource: string, nowMs: number): Bucket {
  const windows = { windowStartMs: nowMs, windowCount: 0, dayStartMs: nowMs, dayCount: 0, recentMs: [] };
  return { caller, resource, ...windows, ...emptyTally };
}

function limitOf(world: World, resource: string): RateLimit {
  const location = world.locations.get(resource);
  const company = world.companies.get(location?.companyId ?? resource);
  const own = location ? location.rateLimit : company?.rateLimit;
  return own ?? rateLimitSchema.parse(company?.sandbox ? sandboxLimit : {});
}

/** Ends what is over: the window, the day, and requests that are an interval old. */
function roll(bucket: Bucket, limit: RateLimit, nowMs: number): void {
  if (nowMs >= bucket.windowStartMs + limit.intervalMs) {
    bucket.windowStartMs = nowMs;
    bucket.windowCount = 0;
  }
  if (nowMs >= bucket.dayStartMs + dayMs) {
    bucket.dayStartMs = nowMs;
    bucket.dayCount = 0;
  }
  const firstKept = bucket.recentMs.findIndex((atMs) => atMs > nowMs - limit.intervalMs);
  bucket.recentMs.splice(0, firstKept < 0 ? bucket.recentMs.length : firstKept);
}

function countIn(bucket: Bucket, nowMs: number): void {
  bucket.windowCount += 1;
  bucket.dayCount += 1;
  bucket.recentMs.push(nowMs);
  bucket.allowed += 1;
  if (bucket.windowCount === 1) bucket.fixedWindows += 1;
  bucket.highestInFixedWindow = Math.max(bucket.highestInFixedWindow, bucket.windowCount);
  bucket.highestInSlidingWindow = Math.max(bucket.highestInSlidingWindow, bucket.recentMs.length);
  bucket.firstAtMs ??= nowMs;
  bucket.lastAtMs = nowMs;
}
