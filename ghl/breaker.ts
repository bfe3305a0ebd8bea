import CircuitBreaker from 'opossum';
import { createCallWindow } from './call-window.ts';
import { GhlCircuitOpenError, GhlUnavailableError } from './errors.ts';
import type { GhlLog } from './log.ts';
import type { EndpointGroup, OperationName } from './operations.ts';
import type { GhlAnswer } from './transport.ts';

/** Shares between processes until when an endpoint group is left alone. */
export interface BreakerStore {
  /** Milliseconds since the epoch; null when the group was never open. */
  readOpenUntil(group: EndpointGroup): Promise<number | null>;
  /** Never moves the time backwards. */
  writeOpenUntil(group: EndpointGroup, openUntilMs: number): Promise<void>;
}

export interface BreakerOptions {
  /** A group is left alone when so many of its calls, at least `minimumCalls`, failed that ended within `windowMs`. */
  errorPercent: number;
  windowMs: number;
  minimumCalls: number;
  openMs: number;
  /** How long what the store said is believed. */
  sharedCacheMs: number;
}

export const DEFAULT_BREAKER: BreakerOptions = {
  errorPercent: 50,
  windowMs: 10_000,
  minimumCalls: 10,
  openMs: 30_000,
  sharedCacheMs: 1_000,
};

export type BreakerState = 'closed' | 'half-open' | 'open';

export interface Breakers {
  /** Raises GhlCircuitOpenError while the group is left alone, here or by another process. */
  assertClosed(operation: OperationName, group: EndpointGroup): Promise<void>;
  /** Sends through the group's breaker. Only GhlUnavailableError counts as a failure of the group. */
  run(operation: OperationName, group: EndpointGroup, send: () => Promise<GhlAnswer>): Promise<GhlAnswer>;
  /** How this process sees the groups that it has called. `half-open`: the time is over, and the next call tells. */
  states(): Map<EndpointGroup, BreakerState>;
  close(): void;
}

interface GroupState {
  circuit: CircuitBreaker<[() => Promise<GhlAnswer>], GhlAnswer>;
  openUntilMs: number;
  sharedReadAtMs: number;
}

/** How soon to ask again while the one trial call of a half-open circuit is under way. */
const TRIAL_RETRY_MS = 1_000;

export function createBreakers(store: BreakerStore, options: BreakerOptions, log: GhlLog): Breakers {
  const groups = new Map<EndpointGroup, GroupState>();

  function groupState(group: EndpointGroup): GroupState {
    const known = groups.get(group);
    if (known) return known;
    const circuit = new CircuitBreaker<[() => Promise<GhlAnswer>], GhlAnswer>((send) => send(), {
      timeout: false, // the transport has one for each operation
      // opossum counts calls by their beginning; when a closed circuit opens is decided below.
      volumeThreshold: Number.MAX_SAFE_INTEGER,
      resetTimeout: options.openMs,
      errorFilter: (error) => !(error instanceof GhlUnavailableError),
    });
    const state: GroupState = { circuit, openUntilMs: 0, sharedReadAtMs: 0 };
    const ends = createCallWindow(options);
    circuit.on('success', () => ends.note(false, Date.now()));
    circuit.on('failure', () => {
      if (ends.note(true, Date.now())) circuit.open();
    });
    circuit.on('close', () => ends.clear());
    circuit.on('open', () => {
      // opossum's errors do not say how long it stays open, so that is kept here.
      state.openUntilMs = Date.now() + options.openMs;
      log.warn({ group, openMs: options.openMs }, 'GHL endpoint group left alone after errors');
      store.writeOpenUntil(group, state.openUntilMs).catch((error: unknown) => {
        log.warn({ group, errorName: error instanceof Error ? error.name : 'unknown' }, 'open breaker not shared');
      });
    });
    groups.set(group, state);
    return state;
  }

  async function assertClosed(operation: OperationName, group: EndpointGroup): Promise<void> {
    const state = groupState(group);
    const nowMs = Date.now();
    if (state.openUntilMs <= nowMs && nowMs - state.sharedReadAtMs >= options.sharedCacheMs) {
      state.sharedReadAtMs = nowMs;
      state.openUntilMs = Math.max(state.openUntilMs, (await store.readOpenUntil(group)) ?? 0);
    }
    const retryAfterMs = state.openUntilMs - Date.now();
    if (retryAfterMs > 0) throw new GhlCircuitOpenError({ operation, reason: group, retryAfterMs });
  }

  return {
    assertClosed,
    async run(operation, group, send) {
      await assertClosed(operation, group);
      const state = groupState(group);
      try {
        return await state.circuit.fire(send);
      } catch (error) {
        if (!isOpenCircuitError(error)) throw error;
        const retryAfterMs = Math.max(state.openUntilMs - Date.now(), Math.min(TRIAL_RETRY_MS, options.openMs));
        throw new GhlCircuitOpenError({ operation, reason: group, retryAfterMs });
      }
    },
    states() {
      const stateOf = ({ circuit, openUntilMs }: GroupState): BreakerState => {
        if (openUntilMs > Date.now()) return 'open';
        return circuit.closed ? 'closed' : 'half-open';
      };
      return new Map([...groups].map(([group, state]) => [group, stateOf(state)]));
    },
    close() {
      for (const { circuit } of groups.values()) circuit.shutdown();
    },
  };
}

function isOpenCircuitError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EOPENBREAKER';
}
