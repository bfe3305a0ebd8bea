import { setTimeout as delay } from 'node:timers/promises';

/** How one look at the leads went. */
export interface Standing {
  /** How many are where they have to be. */
  done: number;
  /** Whether every lead has come to rest somewhere, be it the wrong place. */
  isAtRest: boolean;
  /** Changes with every step of any lead: while it does, waiting goes on. */
  fingerprint: string;
}

const LOOK_EVERY_MS = 100;
const SAY_EVERY_MS = 2_000;
/** Longer than any pause that Temporal or the simulated GHL makes between two tries. */
const STALLED_AFTER_MS = 30_000;
/** A message to a lead that has come to rest moves it sooner. */
const RESTED_AFTER_MS = 8_000;

/**
 * Looks until all leads are where they have to be, nothing has moved for a while, or the time is up.
 * @param options.total how many there are
 */
export async function awaitLeads(options: {
  total: number;
  look: () => Promise<Standing>;
  deadline: Date;
  say: (done: number) => void;
}): Promise<void> {
  let fingerprint = '';
  let movedAtMs = Date.now();
  let sayAtMs = Date.now() + SAY_EVERY_MS;
  for (;;) {
    const standing = await options.look();
    const nowMs = Date.now();
    if (standing.done >= options.total) return;
    if (standing.fingerprint !== fingerprint) movedAtMs = nowMs;
    fingerprint = standing.fingerprint;
    const patienceMs = standing.isAtRest ? RESTED_AFTER_MS : STALLED_AFTER_MS;
    if (nowMs >= options.deadline.getTime() || nowMs - movedAtMs > patienceMs) return;
    if (nowMs >= sayAtMs) {
      options.say(standing.done);
      sayAtMs = nowMs + SAY_EVERY_MS;
    }
    await delay(LOOK_EVERY_MS);
  }
}
