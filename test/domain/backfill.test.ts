import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isLeftToPoll,
  isWithin,
  isWrittenMessage,
  listCovered,
  nextStep,
  readStep,
  stepsOf,
  strongerWish,
} from '../../domain/backfill.ts';
import {
  chooseSpanToHalve,
  type CountedSpan,
  coverOf,
  halve,
  middleOf,
  newSlice,
  type Sighted,
  type Slice,
} from '../../domain/backfill-slices.ts';
import { paceOf, type PartFigures, progressOf, stateOf } from '../../domain/backfill-standing.ts';

describe('the steps of a part', () => {
  it('read each list, and then each once more', () => {
    expect(stepsOf('contact', 'exact')).toEqual(['contacts', 'names', 'check-contacts', 'names-after-check']);
    expect(stepsOf('contact', 'listed')).toEqual(['contacts', 'check-contacts']);
    expect(stepsOf('conversation', 'exact')).toEqual([
      ...['conversations', 'messages', 'emails'],
      ...['check-conversations', 'check-messages', 'check-emails'],
      'silent-conversations',
    ]);
  });

  it('follow one another and end', () => {
    const steps = stepsOf('contact', 'listed');
    expect(nextStep(steps, null)).toBe('contacts');
    expect(nextStep(steps, 'contacts')).toBe('check-contacts');
    expect(nextStep(steps, 'check-contacts')).toBeNull();
    expect(readStep('check-emails')).toEqual({ kind: 'check', listing: 'emails' });
    expect(readStep('names-after-check')).toEqual({ kind: 'names' });
    expect(readStep('silent-conversations')).toEqual({ kind: 'silent' });
  });
});

describe('what is wanted', () => {
  it.each([
    ['run', 'run', 'run'],
    ['pause', 'run', 'pause'],
    ['run', 'pause', 'pause'],
    ['cancel', 'pause', 'cancel'],
    ['pause', 'cancel', 'cancel'],
  ] as const)('%s of the run and %s of the part is %s', (ofRun, ofPart, wish) => {
    expect(strongerWish(ofRun, ofPart)).toBe(wish);
  });
});

describe('which records belong', () => {
  const at = new Date(1_000);
  it.each([
    [at, { from: null, to: null }, true],
    [at, { from: 1_000, to: null }, true],
    [at, { from: 1_001, to: null }, false],
    [at, { from: null, to: 1_000 }, false],
    [null, { from: null, to: null }, true],
    [null, { from: 0, to: null }, false],
  ])('%s in %j is %s', (createdAt, span, expected) => {
    expect(isWithin(createdAt, span)).toBe(expected);
  });

  it.each([
    [at, { isIntake: true, liveAt: new Date(1_000) }, true],
    [at, { isIntake: true, liveAt: new Date(1_001) }, false],
    [at, { isIntake: true, liveAt: null }, false],
    [at, { isIntake: false, liveAt: new Date(0) }, false],
    [null, { isIntake: true, liveAt: new Date(0) }, false],
    [at, undefined, false],
  ])('a contact of %s in an account %j is left to the poll: %s', (createdAt, account, expected) => {
    expect(isLeftToPoll(createdAt, account)).toBe(expected);
  });

  it('are messages that somebody wrote', () => {
    expect([null, 'TYPE_SMS', 'TYPE_ACTIVITY_CONTACT'].map(isWrittenMessage)).toEqual([true, true, false]);
  });

  it('are of a location and all below it, in whatever order they stand', () => {
    const tree = [
      { id: 'leaf', parent_id: 'region' },
      { id: 'other', parent_id: 'master' },
      { id: 'region', parent_id: 'master' },
      { id: 'master', parent_id: null },
    ];
    const ids = (root: string | null) => listCovered(tree, root).map(({ id }) => id);
    expect(ids('region')).toEqual(['leaf', 'region']);
    expect(ids('master')).toEqual(['leaf', 'other', 'region', 'master']);
    expect(ids('leaf')).toEqual(['leaf']);
    expect(ids(null)).toHaveLength(4);
  });
});

describe('cutting a list', () => {
  it('halves the fullest span until all are small, however unevenly records lie in time', () => {
    const records = [...Array.from({ length: 40_000 }, (_, at) => 5_000_000 + at * 50), ...[0, 9_000_000_000]];
    const count = (from: number, to: number) => records.filter((at) => at >= from && at < to).length;
    let spans: CountedSpan[] = [{ from: 0, to: 10_000_000_000, count: records.length }];
    for (let next = chooseSpanToHalve(spans, 16); next; next = chooseSpanToHalve(spans, 16)) {
      const chosen = next;
      const middle = middleOf(chosen);
      spans = spans.flatMap((each) => (each === chosen ? halve(each, middle, count(each.from, middle)) : [each]));
    }
    expect(spans).toHaveLength(16);
    for (const { from, to, count: told } of spans) expect(told).toBe(count(from, to));
    expect(Math.max(...spans.map((span) => span.count))).toBeLessThan(records.length / 3);
  });

  it('leaves a short list and a single moment whole', () => {
    expect(chooseSpanToHalve([{ from: 0, to: 1e9, count: 100 }], 16)).toBeUndefined();
    expect(chooseSpanToHalve([{ from: 0, to: 500, count: 100_000 }], 16)).toBeUndefined();
  });
});

describe('what pages of a list cover', () => {
  /** Everything that the pages of a list say of a mirror: which of its records no page showed. */
  function findUnlisted(mirror: Sighted[], listed: Sighted[], isAscending: boolean, pageSize: number): string[] {
    let slice: Slice = newSlice({ from: 0, to: 1_000 });
    const found: string[] = [];
    const pages = Math.max(1, Math.ceil(listed.length / pageSize));
    for (let page = 0; page < pages; page += 1) {
      const shown = listed.slice(page * pageSize, (page + 1) * pageSize);
      const { cover, edge } = coverOf(slice, shown, { isAscending, isLast: page === pages - 1 });
      if (cover) {
        const seen = new Set(cover.seenIds);
        const inside = ({ createdMs }: Sighted) => createdMs >= (cover.from ?? 0) && createdMs < (cover.to ?? Infinity);
        found.push(...mirror.filter((each) => inside(each) && !seen.has(each.ghlId)).map(({ ghlId }) => ghlId));
      }
      slice = { ...slice, ...edge };
    }
    return found.sort();
  }

  it('name exactly what the list left out, once, whatever falls into one moment', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ createdMs: fc.integer({ min: 0, max: 30 }), isListed: fc.boolean() }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 10 }),
        fc.boolean(),
        (records, pageSize, isAscending) => {
          const all = records.map((record, at) => ({ ...record, ghlId: `r${String(at).padStart(2, '0')}` }));
          const sign = isAscending ? 1 : -1;
          const listed = all.filter(({ isListed }) => isListed).sort((a, b) => sign * (a.createdMs - b.createdMs));
          const leftOut = all.filter(({ isListed }) => !isListed).map(({ ghlId }) => ghlId);
          expect(findUnlisted(all, listed, isAscending, pageSize)).toEqual(leftOut.sort());
        },
      ),
    );
  });
});

describe('how a run stands', () => {
  const part = (more: Partial<PartFigures>): PartFigures => ({
    state: 'running',
    wanted: 'run',
    done: 0,
    total: null,
    activeSeconds: 0,
    listed: 0,
    ...more,
  });

  it('is told by what is wanted of it, and at its end by its parts', () => {
    const endedAt = new Date();
    expect(stateOf({ wanted: 'run', endedAt: null }, [])).toBe('running');
    expect(stateOf({ wanted: 'pause', endedAt: null }, [])).toBe('paused');
    expect(stateOf({ wanted: 'cancel', endedAt: null }, [])).toBe('cancelling');
    expect(stateOf({ wanted: 'run', endedAt }, [part({ state: 'done' })])).toBe('done');
    expect(stateOf({ wanted: 'cancel', endedAt }, [part({ state: 'done' }), part({ state: 'cancelled' })])).toBe(
      'cancelled',
    );
    expect(stateOf({ wanted: 'run', endedAt }, [part({ state: 'failed' }), part({ state: 'cancelled' })])).toBe(
      'failed',
    );
  });

  it('has a pace as soon as something is done, and a time left where GHL tells how much there is', () => {
    expect(paceOf(part({}))).toEqual({ ratePerSecond: null, secondsLeft: null });
    expect(paceOf(part({ done: 50, activeSeconds: 10 }))).toEqual({ ratePerSecond: 5, secondsLeft: null });
    expect(paceOf(part({ done: 50, activeSeconds: 10, total: 100 }))).toEqual({ ratePerSecond: 5, secondsLeft: 10 });
    expect(paceOf(part({ state: 'done', done: 50, activeSeconds: 10 })).ratePerSecond).toBeNull();
  });

  it('adds up what runs at once and waits for the slowest', () => {
    const parts = [
      part({ done: 50, total: 100, activeSeconds: 10, listed: 500 }),
      part({ done: 10, total: 100, activeSeconds: 10, listed: 20 }),
      part({ state: 'done', listed: 7 }),
      part({ state: 'waiting' }),
    ];
    expect(progressOf(parts)).toEqual({
      parts: { total: 4, ended: 1 },
      listed: 527,
      done: 60,
      total: 200,
      ratePerSecond: 6,
      secondsLeft: 90,
    });
  });
});
