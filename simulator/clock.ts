/** The simulator's idea of the time: the machine's clock plus what a test has moved it by. */
export interface Clock {
  now(): Date;
  nowMs(): number;
  advance(ms: number): void;
}

/** Makes a clock that runs with the machine and can be moved forward, so that tokens expire without waiting. */
export function createClock(): Clock {
  let offsetMs = 0;
  const nowMs = (): number => Date.now() + offsetMs;
  return {
    nowMs,
    now: () => new Date(nowMs()),
    advance(ms) {
      offsetMs += ms;
    },
  };
}
