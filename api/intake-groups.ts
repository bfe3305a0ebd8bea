import { setImmediate } from 'node:timers';
import { isStorageAway, isTransactionConflict, StorageBusyError } from '../db/storage-away.ts';
import { withoutTrace } from '../tracing/trace.ts';

/** What waits to be taken. */
export interface Gathered {
  /** What shares one of these waits for the other to be taken, in the order in which both came. */
  alone: readonly string[];
  bytes: number;
}

export interface IntakeGroups<Item, Answer> {
  /**
   * Takes an item with what has gathered meanwhile.
   * @throws what its own group of one throws; StorageBusyError when it waited too long
   */
  take(item: Item): Promise<Answer>;
}

export interface IntakeGroupOptions<Item, Answer> {
  /**
   * Takes all of them or, when it throws, none.
   * @returns the answer to each, in their order; an error is that of one alone
   */
  takeAll(items: Item[]): Promise<(Answer | Error)[]>;
  /** Groups that are taken at once at most. */
  inFlight: number;
  /** How long a group is waited for before another is begun beside it, in milliseconds. */
  patienceMs: number;
  /** Items of a group at most. */
  size: number;
  /** Bytes of a group at most; a larger item goes alone. */
  bytes: number;
  /** How long an item waits for its turn, in milliseconds. */
  waitMs: number;
}

interface Waiting<Item, Answer> {
  item: Item;
  resolve: (answer: Answer) => void;
  reject: (error: Error) => void;
  timer: NodeJS.Timeout;
}

/**
 * Takes together what came while the last group was being taken: one commit then does for all of them. Nothing waits
 * while nothing is being taken, nor for long behind a group that is held up. A group that fails is taken in halves, so
 * that what is wrong with one harms no other.
 */
export function createIntakeGroups<Item extends Gathered, Answer>(
  options: IntakeGroupOptions<Item, Answer>,
): IntakeGroups<Item, Answer> {
  const waiting = new Set<Waiting<Item, Answer>>();
  const busy = new Set<string>();
  let inFlight = 0;
  let mayBegin = true;
  let isCalled = false;

  /** The oldest that may go together now. */
  function draw(): Waiting<Item, Answer>[] {
    const group: Waiting<Item, Answer>[] = [];
    const held = new Set(busy);
    let bytes = 0;
    for (const each of waiting) {
      const { item } = each;
      const mayGo = item.alone.every((name) => !held.has(name));
      // Nor does what came later overtake what must wait.
      for (const name of item.alone) held.add(name);
      if (!mayGo) continue;
      bytes += item.bytes;
      if (group.length > 0 && bytes > options.bytes) break;
      group.push(each);
      if (group.length === options.size) break;
    }
    for (const each of group) {
      waiting.delete(each);
      clearTimeout(each.timer);
      for (const name of each.item.alone) busy.add(name);
    }
    return group;
  }

  function begin(): void {
    isCalled = false;
    if (!mayBegin || inFlight === options.inFlight) return;
    const group = draw();
    if (group.length === 0) return;
    inFlight += 1;
    mayBegin = false;
    const goOn = (): void => {
      mayBegin = true;
      begin();
    };
    const patience = setTimeout(goOn, options.patienceMs);
    void settle(group).finally(() => {
      clearTimeout(patience);
      inFlight -= 1;
      for (const { item } of group) for (const name of item.alone) busy.delete(name);
      goOn();
    });
  }

  async function settle(group: Waiting<Item, Answer>[]): Promise<void> {
    let answers: (Answer | Error)[];
    try {
      answers = await options.takeAll(group.map(({ item }) => item));
    } catch (error) {
      const isOfAll = isStorageAway(error) && !isTransactionConflict(error);
      if (group.length === 1 || isOfAll) {
        for (const { reject } of group) reject(error as Error);
        return;
      }
      const half = Math.ceil(group.length / 2);
      await settle(group.slice(0, half));
      await settle(group.slice(half));
      return;
    }
    for (const [index, { resolve, reject }] of group.entries()) {
      const answer = answers[index]!;
      if (answer instanceof Error) reject(answer);
      else resolve(answer);
    }
  }

  return {
    take: (item) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(entry);
          reject(new StorageBusyError());
        }, options.waitMs);
        const entry = { item, resolve, reject, timer };
        waiting.add(entry);
        if (isCalled || !mayBegin || inFlight === options.inFlight) return;
        // What the same turn of the event loop brings goes along. A group belongs to no request's trace.
        isCalled = true;
        withoutTrace(() => setImmediate(begin));
      }),
  };
}
