/** Work on the same thing that is done together, in the order in which it was asked for. */
export interface Gathering<Item, Answer> {
  /**
   * Asks for an item to be done.
   * @param withinMs how long it may wait for another of its key; 0 for none
   * @returns its answer @throws what the run that held it failed with
   */
  ask(key: string, item: Item, withinMs: number): Promise<Answer>;
}

interface Waiting<Item, Answer> {
  item: Item;
  done: (answer: Answer) => void;
  failed: (error: unknown) => void;
}

/**
 * Gathers what is asked for one key in the same turn, while an earlier run of that key is under way, or while it may wait,
 * into one run.
 * @param run does all items of a key, answering each in their order; one at a time for each key
 */
export function createGathering<Item, Answer>(
  run: (key: string, items: Item[]) => Promise<Answer[]>,
): Gathering<Item, Answer> {
  const waiting = new Map<string, Waiting<Item, Answer>[]>();
  const timers = new Map<string, NodeJS.Timeout>();
  /** Keys under way, and whether what gathers meanwhile must not wait. */
  const running = new Map<string, { goesOn: boolean }>();

  function begin(key: string): void {
    const turn = running.get(key);
    if (turn) {
      turn.goesOn = true;
      return;
    }
    clearTimeout(timers.get(key));
    timers.delete(key);
    if (!waiting.has(key)) return;
    running.set(key, { goesOn: false });
    // Who asks side by side asks in the same turn.
    setImmediate(() => {
      const batch = waiting.get(key) ?? [];
      waiting.delete(key);
      void finish(key, batch);
    });
  }

  async function finish(key: string, batch: Waiting<Item, Answer>[]): Promise<void> {
    try {
      const answers = await run(
        key,
        batch.map(({ item }) => item),
      );
      for (const [index, { done }] of batch.entries()) done(answers[index] as Answer);
    } catch (error) {
      for (const { failed } of batch) failed(error);
    }
    const { goesOn } = running.get(key)!;
    running.delete(key);
    if (goesOn) begin(key);
  }

  return {
    ask: (key, item, withinMs) =>
      new Promise((done, failed) => {
        waiting.set(key, [...(waiting.get(key) ?? []), { item, done, failed }]);
        if (withinMs === 0) begin(key);
        else if (!timers.has(key)) {
          const timer = setTimeout(() => {
            timers.delete(key);
            begin(key);
          }, withinMs);
          timers.set(key, timer);
        }
      }),
  };
}
