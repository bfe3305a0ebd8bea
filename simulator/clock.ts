/** The simulator's idea of the time: the machine's clock plus what a test has moved it by. */
export interface Clock {
  now(): Date;
  nowMs(): number;
  advance(ms: number): void;
  /** How far it has been moved, so that a restarted simulator goes on from there. */
  offsetMs(): number;
  /** Calls back after each move, for what waits for a time of this clock. */
  onAdvance(listener: () => void): void;
}

/** Makes a clock that runs with the machine and can be moved forward, so that tokens expire without waiting. */
export function createClock(): Clock {
  let offsetMs = 0;
  const listeners: (() => void)[] = [];
  const nowMs = (): number => Date.now() + offsetMs;
  return {
    nowMs,
    now: () => new Date(nowMs()),
    offsetMs: () => offsetMs,
    advance(ms) {
      offsetMs += ms;
      for (const listener of listeners) listener();
    },
    onAdvance(listener) {
      listeners.push(listener);
    },
  };
}
