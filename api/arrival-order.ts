/**
 * Lets what is being done for several end in the order in which it was begun, though some of it takes longer. An error is
 * that of its own alone.
 * @returns waits for what is given, and then for what was given before it
 */
export function createArrivalOrder(): <T>(work: Promise<T>) => Promise<T> {
  let before: Promise<unknown> = Promise.resolve();
  return <T>(work: Promise<T>): Promise<T> => {
    const inTurn = before.then(() => work);
    before = inTurn.catch(() => {});
    return inTurn;
  };
}
