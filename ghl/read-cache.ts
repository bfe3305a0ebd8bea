import { LRUCache } from 'lru-cache';
import type { Lane } from '../domain/ghl-budget.ts';
import type { GhlCalls, LocationCall } from './calls.ts';
import { listPipelines } from './opportunities.ts';
import type { GhlLocationResource } from './resource.ts';

const MINUTE_MS = 60_000;

/** What is kept, how it is read and for how long it is believed. Only what somebody reads over and over belongs here. */
const kinds = {
  /** No event tells of these. */
  pipelines: { lifetimeMs: 10 * MINUTE_MS, read: listPipelines },
} as const;

export type CachedKind = keyof typeof kinds;
export type CachedList<Kind extends CachedKind> = Readonly<Awaited<ReturnType<(typeof kinds)[Kind]['read']>>>;
type AnyList = CachedList<CachedKind>;

/** Lists of a location that change rarely, read from GHL once in minutes. */
export interface ReadCache {
  /**
   * The list, from memory while it is young enough. Many who ask at once cause one request; each lane causes its own,
   * so that nobody waits behind a less urgent one. A failure is told to those who wait and not kept.
   * @throws GhlError of the read; the reason of the context's signal when that is aborted, which stops nobody else
   */
  read<Kind extends CachedKind>(kind: Kind, context: LocationCall): Promise<CachedList<Kind>>;
  /** Forgets what is known of a location: who asks from now on is answered by GHL. */
  invalidate(resource: GhlLocationResource, kind: CachedKind): void;
}

export interface ReadCacheOptions {
  /** Replaces the lifetime of named kinds. */
  lifetimesMs?: Partial<Record<CachedKind, number>>;
  /** How many records may be kept in all lists together; those not asked for the longest go first. */
  maxRecords?: number;
  /** A clock in milliseconds that only goes forward. */
  nowMs?: () => number;
}

/**
 * Makes the cache of one process. Each process has its own: what one forgets the others believe until its lifetime ends,
 * so a list of pipelines may be 10 minutes old. Ask GHL itself where that would do harm, as for contacts, opportunities
 * and whom they are assigned to. A list belongs to one location of one agency and is shared with no other.
 */
export function createReadCache(ghl: GhlCalls, options: ReadCacheOptions = {}): ReadCache {
  const nowMs = options.nowMs ?? (() => performance.now());
  const lists = new LRUCache<string, AnyList>({
    maxSize: options.maxRecords ?? 200_000,
    sizeCalculation: (list) => list.length + 1,
    ttl: MINUTE_MS,
    // The clock is read anew for each look: otherwise one is believed for a millisecond, by a timer.
    ttlResolution: 0,
    perf: { now: nowMs },
  });
  /** Reads under way. One that is dropped here by `invalidate` still answers those who wait, and is not kept. */
  const underway = new Map<string, Promise<AnyList>>();

  function start(kind: CachedKind, context: LocationCall, key: string, flightKey: string): Promise<AnyList> {
    const { lifetimeMs, read } = kinds[kind];
    // Without the caller's signal: others wait for the same answer. The call has a timeout of its own.
    const reading: Promise<AnyList> = read(ghl, { resource: context.resource, lane: context.lane });
    const flight = reading.then(
      (list) => {
        if (underway.get(flightKey) === flight) {
          lists.set(key, list, { ttl: options.lifetimesMs?.[kind] ?? lifetimeMs });
          underway.delete(flightKey);
        }
        return list;
      },
      (error: unknown) => {
        if (underway.get(flightKey) === flight) underway.delete(flightKey);
        throw error;
      },
    );
    underway.set(flightKey, flight);
    return flight;
  }

  return {
    async read<Kind extends CachedKind>(kind: Kind, context: LocationCall): Promise<CachedList<Kind>> {
      context.signal?.throwIfAborted();
      const key = keyOf(context.resource, kind);
      const known = lists.get(key);
      const flightKey = flightKeyOf(key, context.lane);
      const list =
        known ?? (await unlessAborted(underway.get(flightKey) ?? start(kind, context, key, flightKey), context));
      return list as CachedList<Kind>;
    },
    invalidate(resource, kind) {
      const key = keyOf(resource, kind);
      lists.delete(key);
      for (const lane of lanes) underway.delete(flightKeyOf(key, lane));
    },
  };
}

const lanes: Lane[] = ['interactive', 'sync', 'bulk'];

/** Ids of GHL and ours hold no slash. The agency stands first: a location that changes hands takes nothing along. */
const keyOf = (resource: GhlLocationResource, kind: CachedKind): string =>
  `${resource.agencyId}/${resource.locationId}/${resource.ghlLocationId}/${kind}`;
const flightKeyOf = (key: string, lane: Lane): string => `${key}/${lane}`;

/** Ends with the caller's own reason when its signal is aborted; the work goes on for the others. */
async function unlessAborted<T>(work: Promise<T>, { signal }: LocationCall): Promise<T> {
  if (!signal) return work;
  let onAbort = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
