import { describe, expect, it } from 'vitest';
import { createIntakeGroups, type Gathered, type IntakeGroupOptions } from '../../api/intake-groups.ts';
import { StorageBusyError } from '../../db/storage-away.ts';
import { waitToPass } from '../stack/wait.ts';

interface Item extends Gathered {
  id: string;
}

const item = (id: string, more: Partial<Item> = {}): Item => ({ id, alone: [], bytes: 1, ...more });
const withCode = (code: string) => Object.assign(new Error(code), { code });

/** Groups whose taking ends when the test says so. */
function createWorld(options: Partial<IntakeGroupOptions<Item, string>> = {}) {
  const taken: string[][] = [];
  const ends: (() => void)[] = [];
  const groups = createIntakeGroups<Item, string>({
    inFlight: 1,
    patienceMs: 60_000,
    size: 64,
    bytes: 1_000,
    waitMs: 60_000,
    async takeAll(items) {
      taken.push(items.map(({ id }) => id));
      await new Promise<void>((resolve) => ends.push(resolve));
      return items.map(({ id }) => `took ${id}`);
    },
    ...options,
  });
  return {
    groups,
    taken,
    take: (...items: Item[]) => items.map((each) => groups.take(each)),
    /** Ends what is being taken once so many groups have been begun. */
    async endAfter(begun: number) {
      await waitToPass(() => expect(taken).toHaveLength(begun));
      for (const end of ends.splice(0)) end();
    },
  };
}

describe('what comes', () => {
  it('is taken at once while nothing is being taken, and what came meanwhile together after it', async () => {
    const world = createWorld();
    const first = world.take(item('a'));
    await waitToPass(() => expect(world.taken).toEqual([['a']]));
    const rest = world.take(item('b'), item('c'), item('d'));
    await world.endAfter(1);
    await world.endAfter(2);
    expect(await Promise.all([...first, ...rest])).toEqual(['took a', 'took b', 'took c', 'took d']);
    expect(world.taken).toEqual([['a'], ['b', 'c', 'd']]);
  });

  it('is taken in groups of so many and of so many bytes, and what is larger goes alone', async () => {
    const limited = createWorld({ size: 3, bytes: 10 });
    const answers = limited.take(
      ...['a', 'b', 'c', 'd'].map((id) => item(id)),
      item('e', { bytes: 9 }),
      item('f', { bytes: 50 }),
      item('g'),
    );
    for (const begun of [1, 2, 3, 4]) await limited.endAfter(begun);
    await Promise.all(answers);
    expect(limited.taken).toEqual([['a', 'b', 'c'], ['d', 'e'], ['f'], ['g']]);
  });

  it('does not wait long behind a group that is held up, and beside no more than so many of them', async () => {
    const world = createWorld({ inFlight: 2, patienceMs: 10 });
    const answers: Promise<string>[] = [];
    for (const [begun, id] of ['a', 'b', 'c'].entries()) {
      await waitToPass(() => expect(world.taken).toHaveLength(begun));
      answers.push(...world.take(item(id)));
    }
    // The third begins once one of the two has ended.
    await world.endAfter(2);
    await world.endAfter(3);
    expect(await Promise.all(answers)).toEqual(['took a', 'took b', 'took c']);
  });

  it('waits for what it must not meet, in the order in which both came, and holds nothing else up', async () => {
    const world = createWorld({ inFlight: 2, patienceMs: 10 });
    const named = (id: string, ...alone: string[]) => item(id, { alone });
    const answers = world.take(named('a', 'x'), named('b', 'x', 'y'), named('c', 'y'), named('d', 'z'), item('e'));
    await waitToPass(() => expect(world.taken).toEqual([['a', 'd', 'e']]));
    answers.push(...world.take(item('f')));
    for (const begun of [2, 3, 4]) await world.endAfter(begun);
    await Promise.all(answers);
    expect(world.taken).toEqual([['a', 'd', 'e'], ['f'], ['b'], ['c']]);
  });

  it('is refused when its turn does not come in time, and is not taken later', async () => {
    const world = createWorld({ waitMs: 50 });
    const [first] = world.take(item('a'));
    await waitToPass(() => expect(world.taken).toEqual([['a']]));
    const [second] = world.take(item('b'));
    await expect(second).rejects.toThrow(StorageBusyError);
    await world.endAfter(1);
    await first;
    const [third] = world.take(item('c'));
    await world.endAfter(2);
    await third;
    expect(world.taken).toEqual([['a'], ['c']]);
  });
});

describe('a group that fails', () => {
  const take = (ids: string[], takeAll: (ids: string[]) => Promise<(string | Error)[]>) => {
    const tried: string[][] = [];
    const groups = createIntakeGroups<Item, string>({
      inFlight: 1,
      patienceMs: 60_000,
      size: 64,
      bytes: 1_000,
      waitMs: 60_000,
      takeAll(items) {
        tried.push(items.map(({ id }) => id));
        return takeAll(items.map(({ id }) => id));
      },
    });
    return { tried, answers: Promise.allSettled(ids.map((id) => groups.take(item(id)))) };
  };
  const outcomes = async (answers: Promise<PromiseSettledResult<string>[]>) =>
    (await answers).map((each) => (each.status === 'fulfilled' ? each.value : (each.reason as Error).message));

  it('is taken in halves, until only what is wrong is refused', async () => {
    const { tried, answers } = take(['a', 'b', 'bad', 'd', 'e', 'f', 'g', 'h'], async (ids) => {
      if (ids.includes('bad')) throw new Error('bad bytes');
      return ids;
    });
    expect(await outcomes(answers)).toEqual(['a', 'b', 'bad bytes', 'd', 'e', 'f', 'g', 'h']);
    expect(tried.map((ids) => ids.length)).toEqual([8, 4, 2, 2, 1, 1, 4]);
  });

  it('because storage is away is refused as a whole, and not tried once for each', async () => {
    const { tried, answers } = take(['a', 'b', 'c'], () => Promise.reject(withCode('57P01')));
    expect(await outcomes(answers)).toEqual(['57P01', '57P01', '57P01']);
    expect(tried).toHaveLength(1);
  });

  it('for the sake of another transaction is tried again', async () => {
    let attempts = 0;
    const { answers } = take(['a', 'b'], async (ids) => {
      attempts += 1;
      if (attempts === 1) throw withCode('40P01');
      return ids;
    });
    expect(await outcomes(answers)).toEqual(['a', 'b']);
  });

  it('for one alone by its answer leaves the others be', async () => {
    const { tried, answers } = take(['a', 'b'], async () => ['took a', new Error('not yours')]);
    expect(await outcomes(answers)).toEqual(['took a', 'not yours']);
    expect(tried).toHaveLength(1);
  });
});
