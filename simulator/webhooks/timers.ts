import type { Clock } from '../clock.ts';

/** The longest wait that a timer of Node takes. */
const longestTimerMs = 2 ** 31 - 1;

interface Waiting {
  dueAtMs: number;
  run: () => void;
  timer: NodeJS.Timeout | undefined;
}

/** Waits by the simulator's clock: moving it ends the waits that are over by then. */
export interface Timers {
  after(ms: number, run: () => void): void;
  close(): void;
}

/** Makes the timers; none of them keeps the process alive. */
export function createTimers(clock: Clock): Timers {
  const waiting = new Set<Waiting>();
  const arm = (wait: Waiting): void => {
    clearTimeout(wait.timer);
    const leftMs = wait.dueAtMs - clock.nowMs();
    if (leftMs > 0) {
      wait.timer = setTimeout(() => arm(wait), Math.min(leftMs, longestTimerMs)).unref();
      return;
    }
    waiting.delete(wait);
    wait.run();
  };
  clock.onAdvance(() => {
    for (const wait of [...waiting].sort((a, b) => a.dueAtMs - b.dueAtMs)) arm(wait);
  });
  return {
    after(ms, run) {
      const wait: Waiting = { dueAtMs: clock.nowMs() + ms, run, timer: undefined };
      waiting.add(wait);
      arm(wait);
    },
    close() {
      for (const wait of waiting) clearTimeout(wait.timer);
      waiting.clear();
    },
  };
}
