const keptCalls = 500;
const keptSeconds = 300;

/** One call that reached the pretended GHL; status 0 means it was never answered. */
export interface CallRecord {
  at: string;
  method: string;
  route: string;
  locationId: string | null;
  status: number;
  durationMs: number;
}

/** The calls that began in one second, and how many of them came to no 2xx. */
export interface SecondOfCalls {
  calls: number;
  failed: number;
}

/** The log of calls: counts for ever, the last 500 in detail. */
export interface Calls {
  record(call: CallRecord): void;
  /** Counts keyed by method, route pattern and status: `GET /contacts/:contactId 200`. */
  counts(): Record<string, number>;
  last(): CallRecord[];
  /** What each of the last seconds saw, the oldest first and the running one left out. */
  seconds(nowMs: number, count: number): SecondOfCalls[];
  total(): number;
  reset(): void;
}

/** Makes an empty call log. */
export function createCalls(): Calls {
  let last: CallRecord[] = [];
  let counts = new Map<string, number>();
  let total = 0;
  let perSecond = new Map<number, SecondOfCalls>();
  const countSecond = (second: number, failed: boolean): void => {
    const { calls, failed: before } = perSecond.get(second) ?? { calls: 0, failed: 0 };
    perSecond.set(second, { calls: calls + 1, failed: before + (failed ? 1 : 0) });
    if (perSecond.size <= keptSeconds * 2) return;
    perSecond = new Map([...perSecond].sort(([a], [b]) => a - b).slice(-keptSeconds));
  };
  return {
    record(call) {
      const key = `${call.method} ${call.route} ${call.status}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      total += 1;
      countSecond(Math.floor(Date.parse(call.at) / 1000), call.status < 200 || call.status > 299);
      last.push(call);
      if (last.length > keptCalls * 2) last = last.slice(-keptCalls);
    },
    counts: () => Object.fromEntries(counts),
    last: () => last.slice(-keptCalls),
    seconds(nowMs, count) {
      const now = Math.floor(nowMs / 1000);
      return Array.from({ length: count }, (_, n) => perSecond.get(now - count + n) ?? { calls: 0, failed: 0 });
    },
    total: () => total,
    reset() {
      last = [];
      counts = new Map();
      perSecond = new Map();
      total = 0;
    },
  };
}
