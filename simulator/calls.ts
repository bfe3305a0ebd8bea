const keptCalls = 500;

/** One call that reached the pretended GHL; status 0 means it was never answered. */
export interface CallRecord {
  at: string;
  method: string;
  route: string;
  locationId: string | null;
  status: number;
  durationMs: number;
}

/** The log of calls: counts for ever, the last 500 in detail. */
export interface Calls {
  record(call: CallRecord): void;
  /** Counts keyed by method, route pattern and status: `GET /contacts/:contactId 200`. */
  counts(): Record<string, number>;
  last(): CallRecord[];
  total(): number;
  reset(): void;
}

/** Makes an empty call log. */
export function createCalls(): Calls {
  let last: CallRecord[] = [];
  let counts = new Map<string, number>();
  let total = 0;
  return {
    record(call) {
      const key = `${call.method} ${call.route} ${call.status}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      total += 1;
      last.push(call);
      if (last.length > keptCalls * 2) last = last.slice(-keptCalls);
    },
    counts: () => Object.fromEntries(counts),
    last: () => last.slice(-keptCalls),
    total: () => total,
    reset() {
      last = [];
      counts = new Map();
      total = 0;
    },
  };
}
