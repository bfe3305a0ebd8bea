/** Work that a process does at once and then again and again until it stops. */
export interface Rounds {
  start(): void;
  stop(): void;
}

/** @param failed is told what a round threw; the next one comes all the same */
export function createRounds(everyMs: number, round: () => Promise<unknown>, failed: (error: unknown) => void): Rounds {
  let timer: NodeJS.Timeout | undefined;
  const attempt = (): void => {
    round().catch(failed);
  };
  return {
    start() {
      if (timer !== undefined) return;
      attempt();
      timer = setInterval(attempt, everyMs).unref();
    },
    stop: () => clearInterval(timer),
  };
}
