import type { Log } from './progress.ts';

/** The user, or the system, asked the whole stack to stop. */
export class InterruptedError extends Error {
  readonly code = 'Interrupted';
  constructor(by: string) {
    super(by);
    this.name = 'InterruptedError';
  }
}

/** npm passes a Ctrl-C on that the terminal has sent to us as well: what follows this quickly is the same one. */
const SAME_PRESS_MS = 1_000;
const PARENT_CHECK_MS = 500;

/**
 * Rejects on Ctrl-C, SIGTERM, a closed terminal, and when the npm that runs us is gone without a word: npm's shell does
 * not pass SIGTERM on everywhere. A second Ctrl-C ends this process at once; the guardian then ends what it started.
 */
export function watchForInterrupt(log: Log, runByNpm: boolean): Promise<never> {
  const interrupted = new Promise<never>((_, reject) => {
    let firstAt: number | undefined;
    const interrupt = (by: string): void => {
      if (firstAt === undefined) {
        firstAt = Date.now();
        log(`${by}: stopping (once more to force)`);
        reject(new InterruptedError(by));
      } else if (Date.now() - firstAt > SAME_PRESS_MS) {
        log('stopping by force');
        process.exit(130);
      }
    };
    process.on('SIGINT', () => interrupt('Ctrl-C'));
    process.on('SIGTERM', () => interrupt('SIGTERM'));
    process.on('SIGHUP', () => interrupt('the terminal was closed'));
    if (!runByNpm) return;
    const parent = process.ppid;
    const timer = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(timer);
      interrupt('npm has ended');
    }, PARENT_CHECK_MS);
    timer.unref();
  });
  interrupted.catch(() => {});
  return interrupted;
}
