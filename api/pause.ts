/** A wait that can be cut short. */
export interface Pause {
  forMs(ms: number, options: { wakeable: boolean }): Promise<void>;
  /** Ends a wakeable pause; when there is none, the next one ends at once. */
  wake(): void;
  /** Ends every pause from now on. */
  end(): void;
}

export function createPause(): Pause {
  let isWoken = false;
  let isEnded = false;
  let current: { resolve: () => void; wakeable: boolean } | undefined;
  return {
    async forMs(ms, { wakeable }) {
      if (!isEnded && !(wakeable && isWoken)) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          current = {
            wakeable,
            resolve: () => {
              clearTimeout(timer);
              resolve();
            },
          };
        });
        current = undefined;
      }
      if (wakeable) isWoken = false;
    },
    wake() {
      isWoken = true;
      if (current?.wakeable) current.resolve();
    },
    end() {
      isEnded = true;
      current?.resolve();
    },
  };
}
