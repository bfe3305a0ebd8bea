import type { Log } from '../scripts/stack/progress.ts';
import type { ApiReading, BenchApi } from './api.ts';

const READ_EVERY_MS = 5_000;

export interface ApiWatch {
  readings: ApiReading[];
  /** What the next line of progress says. */
  note(progress: string): void;
  /** Resolves when no reading is under way any more. */
  stop(): Promise<void>;
}

/** Reads the API's own figures every few seconds while it is under load, and says how far things are. */
export function watchApi(api: Pick<BenchApi, 'read'>, log: Log): ApiWatch {
  const readings: ApiReading[] = [];
  let progress = '';
  let reading: Promise<void> = Promise.resolve();
  const read = async (): Promise<void> => {
    try {
      const found = await api.read();
      readings.push(found);
      log(`${progress}; inbox ${found.inboxDepth}, API memory ${found.memoryMiB.toFixed(0)} MiB`);
    } catch {
      // Under load one look may take too long; the next one follows, and the last figures are read afterwards.
      log(`${progress}; the API did not tell its figures`);
    }
  };
  const timer = setInterval(() => {
    reading = reading.then(read);
  }, READ_EVERY_MS);
  return {
    readings,
    note: (text) => void (progress = text),
    async stop() {
      clearInterval(timer);
      await reading;
    },
  };
}
