type SlowReadKind = 'pipelines' | 'users';

export interface SlowReads {
  /** The kept value, or what `load` gives; callers at the same time share one load, and a failed one is not kept. */
  read<T>(locationId: string, kind: SlowReadKind, load: () => Promise<T>): Promise<T>;
  /** Forgets a value, as its webhook or an unknown id asks for. */
  drop(locationId: string, kind: SlowReadKind): void;
}

interface Kept {
  value: Promise<unknown>;
  staleAtMs: number;
}

/** Keeps what changes slowly in GHL for `ttlMs` in this process, for at most `maxEntries` lists. */
export function createSlowReads(options: { ttlMs: number; maxEntries?: number; now?: () => Date }): SlowReads {
  const { ttlMs, maxEntries = 5_000, now = () => new Date() } = options;
  const kept = new Map<string, Kept>();
  const keyOf = (locationId: string, kind: SlowReadKind) => `${kind}/${locationId}`;
  return {
    async read<T>(locationId: string, kind: SlowReadKind, load: () => Promise<T>): Promise<T> {
      const key = keyOf(locationId, kind);
      const known = kept.get(key);
      // A kind names one type of value, so what is kept under it was loaded as a T.
      if (known && known.staleAtMs > now().getTime()) return known.value as Promise<T>;
      const value = load();
      const entry = { value, staleAtMs: now().getTime() + ttlMs };
      kept.delete(key);
      kept.set(key, entry);
      const oldest = kept.keys().next();
      if (kept.size > maxEntries && !oldest.done) kept.delete(oldest.value);
      try {
        return await value;
      } catch (error) {
        if (kept.get(key) === entry) kept.delete(key);
        throw error;
      }
    },
    drop(locationId, kind) {
      kept.delete(keyOf(locationId, kind));
    },
  };
}
