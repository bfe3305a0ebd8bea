import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from './progress.ts';

/** Something that was started and can be stopped. */
export interface Part {
  /** Rejects when it ends although nobody stopped it. */
  failed?: Promise<never>;
  stop: () => Promise<void>;
}

/** What runs, in the order in which it was started. */
export interface Parts {
  /** Starts a part; remembers it from its first moment on, so that it is stopped also when it is half-way up. */
  start<P extends Part>(name: string, begin: () => Promise<P>): Promise<P>;
  /** Rejects with the first failure of a part that was up. */
  failed: Promise<never>;
  /** Stops all parts, the last one first; returns the names of those that could not be stopped properly. */
  stopAll(): Promise<string[]>;
}

/** Starting was called off because everything is being stopped. */
export class StoppingError extends Error {
  readonly code = 'Stopping';
  constructor() {
    super('everything is being stopped');
    this.name = 'StoppingError';
  }
}

/** How long a part that is being started may take to get to a state in which it can be stopped. */
const SETTLE_TIMEOUT_MS = 5_000;

/** Keeps the order of starting and stopping. */
export function createParts(log: Log): Parts {
  const started: { name: string; part: Promise<Part | undefined> }[] = [];
  let stopping = false;
  let fail: (reason: unknown) => void = () => {};
  const failed = new Promise<never>((_, reject) => (fail = reject));
  failed.catch(() => {});
  return {
    failed,
    async start(name, begin) {
      if (stopping) throw new StoppingError();
      log(`starting ${name}`);
      const beginning = begin();
      started.push({ name, part: beginning.catch(() => undefined) });
      const part = await beginning;
      part.failed?.catch(fail);
      return part;
    },
    async stopAll() {
      stopping = true;
      const troubled: string[] = [];
      for (const { name, part } of started.reverse()) {
        const up = await Promise.race([part, delay(SETTLE_TIMEOUT_MS, 'unsettled' as const, { ref: false })]);
        if (up === undefined) continue;
        if (up === 'unsettled') {
          troubled.push(name);
          continue;
        }
        log(`stopping ${name}`);
        await up.stop().catch(() => troubled.push(name));
      }
      return troubled;
    },
  };
}
