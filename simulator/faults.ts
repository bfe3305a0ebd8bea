import { z } from 'zod';
import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

/** A fault to inject: what happens, how often, how long, and to which calls. */
export const faultSchema = z.strictObject({
  /** Answer with this status instead of doing the work. */
  status: z.number().int().min(400).max(599).optional(),
  /** The message in the body of `status`; a usual one is chosen without it. */
  message: z.string().optional(),
  /** What `status` comes with where a gateway before GHL answers and no GHL does: a page of HTML, or nothing. */
  gateway: z.enum(['html', 'nothing']).optional(),
  retryAfterSeconds: z.number().int().positive().optional(),
  /** Wait before anything else; may stand beside any other effect. */
  latencyMs: z.number().int().positive().optional(),
  /** Never answer and do no work. */
  hang: z.boolean().optional(),
  /** Close the socket and do no work. */
  cut: z.boolean().optional(),
  /** Do the work, then answer 500. */
  failAfterCommit: z.boolean().optional(),
  /** Do the work, then close the socket. */
  cutAfterCommit: z.boolean().optional(),
  /** Do the work, then never answer. */
  hangAfterCommit: z.boolean().optional(),
  /** Do the work, then answer 422. */
  createdBut422: z.boolean().optional(),
  /** Do the work, then send half of the answer: broken off in transit, or as a whole answer whose JSON is not whole. */
  truncate: z.enum(['connection', 'json']).optional(),
  /** So many matching calls pass before the first is struck. */
  skip: z.number().int().positive().optional(),
  /** The share of matching calls that is struck; alone it means status 500. */
  errorRate: z.number().min(0).max(1).optional(),
  forMs: z.number().int().positive().optional(),
  times: z.number().int().positive().optional(),
  method: z.string().optional(),
  /** A regular expression tested against the path. */
  path: z.string().refine(isPattern, 'path must be a regular expression').optional(),
  locationId: z.string().optional(),
});

export type FaultInput = z.input<typeof faultSchema>;
type Effects = z.output<typeof faultSchema>;
export type Fault = Effects & { id: string; struck: number; passed: number; untilMs: number | null };

/** What the faults do to one call. */
export interface Strike {
  latencyMs: number;
  effects: Effects | undefined;
}

/** The faults in force. */
export interface Faults {
  add(input: Effects): Fault;
  list(): Fault[];
  clear(): void;
  /** Decides what happens to a call and counts it against the faults that strike. */
  strike(call: { method: string; path: string; locationId: string | undefined }): Strike;
}

/** Makes the fault list; `errorRate` is drawn from the seeded random source. */
export function createFaults(clock: Clock, random: Random): Faults {
  let faults: Fault[] = [];
  const inForce = (fault: Fault): boolean =>
    (fault.untilMs === null || clock.nowMs() < fault.untilMs) &&
    (fault.times === undefined || fault.struck < fault.times);

  return {
    add(input) {
      const untilMs = input.forMs === undefined ? null : clock.nowMs() + input.forMs;
      const fault: Fault = { ...input, id: random.uuid('fault'), struck: 0, passed: 0, untilMs };
      faults.push(fault);
      return fault;
    },
    list: () => faults.filter(inForce),
    clear() {
      faults = [];
    },
    strike(call) {
      faults = faults.filter(inForce);
      const strike: Strike = { latencyMs: 0, effects: undefined };
      for (const fault of faults) {
        const decisive = isDecisive(fault);
        if (decisive && strike.effects) continue;
        if (!matches(fault, call)) continue;
        if (fault.passed < (fault.skip ?? 0)) {
          fault.passed += 1;
          continue;
        }
        if (fault.errorRate !== undefined && random.chance('fault') >= fault.errorRate) continue;
        fault.struck += 1;
        strike.latencyMs += fault.latencyMs ?? 0;
        if (decisive) strike.effects = fault;
      }
      return strike;
    },
  };
}

function isDecisive(fault: Effects): boolean {
  const { status, hang, cut, failAfterCommit, cutAfterCommit, hangAfterCommit, createdBut422, truncate } = fault;
  const effects = [status, hang, cut, failAfterCommit, cutAfterCommit, hangAfterCommit, createdBut422, truncate];
  const named = effects.some(Boolean);
  return named || (fault.errorRate !== undefined && fault.latencyMs === undefined);
}

function matches(fault: Fault, call: { method: string; path: string; locationId: string | undefined }): boolean {
  return (
    (fault.method === undefined || fault.method.toUpperCase() === call.method) &&
    (fault.path === undefined || new RegExp(fault.path).test(call.path)) &&
    (fault.locationId === undefined || fault.locationId === call.locationId)
  );
}

function isPattern(source: string): boolean {
  try {
    new RegExp(source);
    return true;
  } catch {
    return false;
  }
}
