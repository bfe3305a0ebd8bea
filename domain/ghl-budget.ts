/**
 * How the request budget of one GHL resource (a location or a company) is shared by the lanes.
 *
 * GHL grants each app 100 requests in 10 s and 200,000 a day for each resource; a sandbox has 25. Where its 10 s window
 * begins is not known to us, so ours slides. A request counts from its grant until a window after its answer, because
 * it may reach GHL at any moment between the two: so no period of a window's length at GHL holds more than the limit,
 * whatever the network does. The state is plain JSON: whoever stores it locks it, runs one of these functions and saves
 * what comes back.
 */
export type Lane = 'interactive' | 'sync' | 'bulk';

type LaneCounts = Record<Lane | 'others', number>;

interface BudgetSlot extends LaneCounts {
  /** Number of the slot since the epoch, in units of a fiftieth of the window. */
  index: number;
}

export interface BudgetState {
  windowLimit: number;
  /** GHL has told its limit: what holds before is the lowest known. */
  isLimitKnown: boolean;
  windowMs: number;
  slots: BudgetSlot[];
  dayLimit: number;
  dayCounts: LaneCounts;
  dayResetsAtMs: number;
  pausedUntilMs: number;
  /** When a lane was last refused: it is waiting, and the others leave it its minimum. */
  refusedAtMs: Record<Lane, number>;
}

/** One request that was let through. */
export interface BudgetGrant {
  lane: Lane;
  atMs: number;
}

/** What the headers of one GHL answer say; null where a header is missing. */
export interface BudgetObservation {
  windowLimit: number | null;
  windowRemaining: number | null;
  windowMs: number | null;
  dayLimit: number | null;
  dayRemaining: number | null;
  dayResetInMs: number | null;
  /** Set by a 429: nothing of this resource may be sent for that long. */
  pauseMs: number | null;
}

export interface BudgetDecision {
  granted: boolean;
  /** 0 when granted; else the soonest moment at which asking again can succeed. */
  waitMs: number;
  reason: 'granted' | 'paused' | 'day' | 'window';
  state: BudgetState;
}

interface Shares {
  reserve: Record<Lane, number>;
  minimum: number;
}

/** A sandbox's limit, the lowest known: one answer tells the true one. */
const FIRST_WINDOW_LIMIT = 25;
/** A slot is let go as a whole, so a window is used again a fiftieth of its length late. */
const SLOTS_PER_WINDOW = 50;
/** While the limit is not known yet: an answer that tells it is under way. */
const LEARNING_WAIT_MS = 300;
const DAY_MS = 86_400_000;
/** Nobody sleeps longer than this on a day's budget: the limit and its reset are learned anew meanwhile. */
const DAY_RECHECK_MS = 15 * 60_000;
const WINDOW_SHARES: Shares = { reserve: { interactive: 0, sync: 0.2, bulk: 0.5 }, minimum: 0.05 };
const DAY_SHARES: Shares = { reserve: { interactive: 0, sync: 0.1, bulk: 0.3 }, minimum: 0.01 };
const LANES: readonly Lane[] = ['interactive', 'sync', 'bulk'];

const noCounts = (): LaneCounts => ({ interactive: 0, sync: 0, bulk: 0, others: 0 });
const total = (counts: LaneCounts): number => counts.interactive + counts.sync + counts.bulk + counts.others;

/** What is known when GHL answered without rate headers, or did not answer. */
export const NOTHING_OBSERVED: BudgetObservation = {
  windowLimit: null,
  windowRemaining: null,
  windowMs: null,
  dayLimit: null,
  dayRemaining: null,
  dayResetInMs: null,
  pauseMs: null,
};

/** The state of a resource of which nothing is known yet: nothing used, and no more let through than any resource may. */
export function openBudget(now: Date): BudgetState {
  return {
    windowLimit: FIRST_WINDOW_LIMIT,
    isLimitKnown: false,
    windowMs: 10_000,
    slots: [],
    dayLimit: 200_000,
    dayCounts: noCounts(),
    dayResetsAtMs: now.getTime() + DAY_MS,
    pausedUntilMs: 0,
    refusedAtMs: { interactive: 0, sync: 0, bulk: 0 },
  };
}

/**
 * Decides whether one request of a lane may be sent now. `interactive` may use everything that no waiting lane is owed,
 * `sync` leaves 20 % of the window (10 % of the day) free and `bulk` 50 % (30 %); each lane gets 5 % (1 %) at least.
 * The state returned is to be stored also after a refusal.
 */
export function decideBudget(state: BudgetState, lane: Lane, now: Date): BudgetDecision {
  const nowMs = now.getTime();
  const current = advance(state, nowMs);
  const refuse = (reason: BudgetDecision['reason'], waitMs: number): BudgetDecision => ({
    granted: false,
    waitMs: Math.max(1, Math.ceil(waitMs)),
    reason,
    state: { ...current, refusedAtMs: { ...current.refusedAtMs, [lane]: nowMs } },
  });
  if (current.pausedUntilMs > nowMs) return refuse('paused', current.pausedUntilMs - nowMs);

  const waiting = LANES.filter((other) => other !== lane && nowMs - current.refusedAtMs[other] < 2 * current.windowMs);
  if (!laneFits(lane, current.dayCounts, current.dayLimit, DAY_SHARES, waiting)) {
    return refuse('day', Math.min(current.dayResetsAtMs - nowMs, DAY_RECHECK_MS));
  }
  const remaining = [...current.slots];
  let waitMs = 0;
  while (!laneFits(lane, sumSlots(remaining), current.windowLimit, WINDOW_SHARES, waiting)) {
    const oldest = remaining.shift();
    if (!oldest) return refuse('window', current.windowMs);
    waitMs = slotExpiresAtMs(oldest, current.windowMs) - nowMs;
  }
  if (waitMs > 0) return refuse('window', current.isLimitKnown ? waitMs : Math.min(waitMs, LEARNING_WAIT_MS));
  return { granted: true, waitMs: 0, reason: 'granted', state: count(current, lane, nowMs, 1) };
}

/**
 * Notes that a granted request is over, answered or not, and corrects the state by what GHL says it has counted: its
 * limits replace ours, requests that we did not count (another tool with the same app) are added, and a day that GHL
 * has begun anew begins anew here.
 */
export function settleBudget(
  state: BudgetState,
  grant: BudgetGrant,
  observation: BudgetObservation,
  now: Date,
): BudgetState {
  const nowMs = now.getTime();
  let current = advance(state, nowMs);
  const isInWindow = grant.atMs > nowMs - current.windowMs;
  if (observation.windowMs !== null && observation.windowMs > 0 && observation.windowMs !== current.windowMs) {
    // Slots of another width cannot be compared: what they hold is carried into one slot of now.
    const index = slotIndex(nowMs, observation.windowMs);
    current = { ...current, windowMs: observation.windowMs, slots: [{ index, ...sumSlots(current.slots) }] };
  } else {
    current = move(current, grant, nowMs);
  }
  // A limit of nothing is a broken header: believing it would stop the resource for ever.
  if (observation.windowLimit) current = { ...current, windowLimit: observation.windowLimit, isLimitKnown: true };
  if (observation.windowRemaining !== null && isInWindow) {
    const uncounted = current.windowLimit - observation.windowRemaining - total(sumSlots(current.slots));
    // Only ever upwards: requests in flight are counted here before GHL counts them.
    if (uncounted > 0) current = addToWindow(current, 'others', grant.atMs, uncounted);
  }
  current = observeDay(current, observation, nowMs);
  const pausedUntilMs = nowMs + (observation.pauseMs ?? 0);
  return { ...current, pausedUntilMs: Math.max(current.pausedUntilMs, pausedUntilMs) };
}

/** A day's end that moves by less is the time an answer took. */
const DAY_END_TOLERANCE_MS = 60_000;

/**
 * Whether an answer of GHL says more than that its request is over, seen what a process last knew of the resource: other
 * limits, use that was not counted, a pause. That must be stored before anything else is sent: what is counted meanwhile
 * would hide it. The rest may be settled a moment later, for until then its request counts from its grant.
 */
export function isBudgetNews(state: BudgetState, observation: BudgetObservation, now: Date): boolean {
  const current = advance(state, now.getTime());
  const { windowLimit, windowRemaining, windowMs } = observation;
  if (observation.pauseMs !== null) return true;
  if (windowLimit && (!current.isLimitKnown || windowLimit !== current.windowLimit)) return true;
  if (windowMs && windowMs !== current.windowMs) return true;
  const used = current.windowLimit - (windowRemaining ?? current.windowLimit);
  if (used > total(sumSlots(current.slots))) return true;
  const { dayLimit, dayCounts, dayResetsAtMs } = observeDay(current, observation, now.getTime());
  const isOtherDay = Math.abs(dayResetsAtMs - current.dayResetsAtMs) > DAY_END_TOLERANCE_MS;
  return isOtherDay || dayLimit !== current.dayLimit || total(dayCounts) !== total(current.dayCounts);
}

/**
 * What of a resource's budget is left for its most favoured lane, as shares of 1.
 * @returns `window` of GHL's 10 s, 0 while a 429 keeps everybody waiting; `day` of GHL's day
 */
export function readBudgetLeft(state: BudgetState, now: Date): { window: number; day: number } {
  const { slots, windowLimit, dayCounts, dayLimit, pausedUntilMs } = advance(state, now.getTime());
  const left = (used: number, limit: number): number => Math.max(0, 1 - used / limit);
  const window = pausedUntilMs > now.getTime() ? 0 : left(total(sumSlots(slots)), windowLimit);
  return { window, day: left(total(dayCounts), dayLimit) };
}

/** Counts a request from now on instead of from its grant. One that has left the window meanwhile comes back into it. */
function move(state: BudgetState, { lane, atMs }: BudgetGrant, nowMs: number): BudgetState {
  const index = slotIndex(atMs, state.windowMs);
  const slots = state.slots
    .map((slot) => (slot.index === index && slot[lane] > 0 ? { ...slot, [lane]: slot[lane] - 1 } : slot))
    .filter((slot) => total(slot) > 0);
  return addToWindow({ ...state, slots }, lane, nowMs, 1);
}

function observeDay(state: BudgetState, observation: BudgetObservation, nowMs: number): BudgetState {
  const dayLimit = observation.dayLimit || state.dayLimit;
  let { dayCounts, dayResetsAtMs } = state;
  if (observation.dayResetInMs !== null) dayResetsAtMs = nowMs + observation.dayResetInMs;
  if (observation.dayRemaining !== null) {
    const used = dayLimit - observation.dayRemaining;
    const uncounted = used - total(dayCounts);
    // A little less than our own count is what is in flight; much less is a day begun anew.
    const begunAnew = -uncounted > Math.max(100, dayLimit * 0.01);
    if (begunAnew) dayCounts = { ...noCounts(), others: used };
    else if (uncounted > 0) dayCounts = { ...dayCounts, others: dayCounts.others + uncounted };
    if (observation.dayRemaining <= 0 && observation.dayResetInMs === null) {
      // GHL did not say when its day ends: try again soon, one answer will tell.
      dayResetsAtMs = Math.min(dayResetsAtMs, nowMs + DAY_RECHECK_MS);
    }
  }
  return { ...state, dayLimit, dayCounts, dayResetsAtMs };
}

/** Whether one more request of `lane` fits under `limit`, seen what is used and which other lanes wait. */
function laneFits(lane: Lane, used: LaneCounts, limit: number, shares: Shares, waiting: readonly Lane[]): boolean {
  if (total(used) >= limit) return false;
  const minimum = Math.max(1, Math.floor(limit * shares.minimum));
  if (used[lane] < minimum) return true;
  const owed = waiting.reduce((sum, other) => sum + Math.max(0, minimum - used[other]), 0);
  return total(used) < limit - Math.max(Math.floor(limit * shares.reserve[lane]), owed);
}

/** Drops what has left the window and begins a new day when the old one is over. */
function advance(state: BudgetState, nowMs: number): BudgetState {
  const slots = state.slots.filter((slot) => slotExpiresAtMs(slot, state.windowMs) > nowMs);
  if (nowMs < state.dayResetsAtMs) return { ...state, slots };
  return { ...state, slots, dayCounts: noCounts(), dayResetsAtMs: nowMs + DAY_MS };
}

function count(state: BudgetState, lane: Lane, atMs: number, requests: number): BudgetState {
  const counted = addToWindow(state, lane, atMs, requests);
  return { ...counted, dayCounts: { ...state.dayCounts, [lane]: state.dayCounts[lane] + requests } };
}

function addToWindow(state: BudgetState, lane: Lane | 'others', atMs: number, requests: number): BudgetState {
  const index = slotIndex(atMs, state.windowMs);
  const slot = state.slots.find((candidate) => candidate.index === index) ?? { index, ...noCounts() };
  const others = state.slots.filter((candidate) => candidate.index !== index);
  const slots = [...others, { ...slot, [lane]: slot[lane] + requests }].sort((a, b) => a.index - b.index);
  return { ...state, slots };
}

function sumSlots(slots: readonly BudgetSlot[]): LaneCounts {
  const sum = noCounts();
  for (const slot of slots) {
    sum.others += slot.others;
    for (const lane of LANES) sum[lane] += slot[lane];
  }
  return sum;
}

function slotIndex(atMs: number, windowMs: number): number {
  return Math.floor(atMs / (windowMs / SLOTS_PER_WINDOW));
}

function slotExpiresAtMs(slot: BudgetSlot, windowMs: number): number {
  return (slot.index + 1) * (windowMs / SLOTS_PER_WINDOW) + windowMs;
}
