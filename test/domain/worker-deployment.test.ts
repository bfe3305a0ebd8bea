import { describe, expect, it } from 'vitest';
import {
  isBrokenBy,
  judgeStop,
  judgeTakeover,
  listWorkers,
  planRollBack,
  planRollOut,
  type QueuePollers,
  type VersionStatus,
  type WorkerVersion,
} from '../../domain/worker-deployment.ts';

const now = new Date('2026-05-01T12:00:00Z');
const ago = (seconds: number): Date => new Date(now.getTime() - seconds * 1_000);
const queue = (
  name: string,
  polled: Record<string, number>,
  type: QueuePollers['type'] = 'workflow',
): QueuePollers => ({
  queue: name,
  type,
  pollers: Object.entries(polled).map(([id, seconds]) => ({
    buildId: id === '-' ? null : id,
    identity: `1@${id}`,
    seenAt: ago(seconds),
  })),
});
const version = (buildId: string, status: VersionStatus, lastCurrentSecondsAgo?: number): WorkerVersion => ({
  buildId,
  status,
  lastCurrentAt: lastCurrentSecondsAgo === undefined ? null : ago(lastCurrentSecondsAgo),
});

describe('whether a version can do the work of another', () => {
  it.each<[string, QueuePollers[], string | null, object]>([
    [
      'polls all that it polls',
      [queue('a', { A: 5, B: 60 }), queue('g', { A: 5, B: 5 }, 'activity')],
      'A',
      { reason: 'ok' },
    ],
    [
      'leaves a queue alone',
      [queue('a', { A: 5, B: 5 }), queue('g', { A: 5 }, 'activity')],
      'A',
      { reason: 'queues-missing', missing: ['g (activity)'] },
    ],
    [
      'polled one of them long ago',
      [queue('a', { A: 5, B: 5 }), queue('g', { A: 5, B: 90 })],
      'A',
      { reason: 'queues-missing', missing: ['g (workflow)'] },
    ],
    ['polls nothing any more', [queue('a', { A: 5, B: 90 })], 'A', { reason: 'no-pollers' }],
    ['need not poll what nobody does now', [queue('a', { A: 5, B: 5 }), queue('g', { A: 300 })], 'A', { reason: 'ok' }],
    [
      'is full and polls a queue no more that it has polled',
      [queue('a', { A: 5, B: 5 }), queue('full', { A: 5, B: 600 }, 'activity')],
      'A',
      { reason: 'ok' },
    ],
    [
      'has polled a queue and polls nothing any more',
      [queue('full', { A: 5, B: 600 }, 'activity')],
      'A',
      { reason: 'no-pollers' },
    ],
    ['takes over from workers that are gone', [queue('a', { A: 300, B: 5 })], 'A', { reason: 'ok' }],
    [
      'takes over from workers without a version',
      [queue('a', { '-': 5, B: 5 }), queue('g', { '-': 5 })],
      null,
      { reason: 'queues-missing' },
    ],
  ])('it %s', (_what, queues, from, decision) => {
    expect(judgeTakeover(queues, { from, to: 'B', known: ['full (activity)'] }, now)).toMatchObject(decision);
  });
});

it('names the workers of a version that poll now, each once', () => {
  const queues = [queue('a', { A: 5, B: 5 }), queue('g', { B: 30 }, 'activity'), queue('s', { A: 5, '-': 90 })];
  expect(listWorkers(queues, 'B', now)).toEqual(['1@B']);
  expect(listWorkers(queues, null, now)).toEqual([]);
});

describe('a roll-out', () => {
  const versions = [version('A', 'current', 60), version('B', 'inactive'), version('C', 'ramping')];
  it.each<
    [string, string, { currentBuildId: string | null; ramping: { buildId: string; percentage: number } | null }, object]
  >([
    ['takes every step', 'B', { currentBuildId: 'A', ramping: null }, { steps: [10, 50] }],
    ['begins from workers without a version', 'B', { currentBuildId: null, ramping: null }, { steps: [10, 50] }],
    [
      'goes on where one was cut off',
      'C',
      { currentBuildId: 'A', ramping: { buildId: 'C', percentage: 50 } },
      { steps: [50] },
    ],
    [
      'waits for another one',
      'B',
      { currentBuildId: 'A', ramping: { buildId: 'C', percentage: 10 } },
      { reason: 'another-ramping' },
    ],
    [
      'follows one that was taken back',
      'B',
      { currentBuildId: 'A', ramping: { buildId: 'C', percentage: 0 } },
      { steps: [10, 50] },
    ],
    [
      'is for a version that has not got the work',
      'A',
      { currentBuildId: 'A', ramping: null },
      { reason: 'current-already' },
    ],
    ['is for a version that is known', 'D', { currentBuildId: 'A', ramping: null }, { reason: 'unknown-build' }],
  ])('%s', (_what, build, routing, decision) => {
    expect(planRollOut({ routing, versions }, build, [10, 50])).toMatchObject(decision);
  });
});

describe('a roll-back', () => {
  const versions = [
    version('A', 'draining', 600),
    version('B', 'drained', 3_600),
    version('C', 'current', 60),
    version('D', 'ramping'),
  ];
  const ramping = { buildId: 'D', percentage: 10 };
  it.each<
    [string, { currentBuildId: string | null; ramping: typeof ramping | null }, string | null | undefined, object]
  >([
    ['ends a ramp', { currentBuildId: 'C', ramping }, undefined, { way: 'end-ramp', from: 'D', to: 'C' }],
    [
      'ends a ramp to the current version by its name',
      { currentBuildId: 'C', ramping },
      'C',
      { way: 'end-ramp', to: 'C' },
    ],
    [
      'goes to the version that was current last',
      { currentBuildId: 'C', ramping: null },
      undefined,
      { way: 'set-current', from: 'C', to: 'A' },
    ],
    [
      'goes to the one that is named',
      { currentBuildId: 'C', ramping: null },
      'B',
      { way: 'set-current', to: 'B', reason: 'named' },
    ],
    [
      'goes to workers without a version',
      { currentBuildId: 'C', ramping: null },
      null,
      { way: 'set-current', to: null },
    ],
    [
      'does nothing for the current one',
      { currentBuildId: 'C', ramping: null },
      'C',
      { way: 'none', reason: 'current-already' },
    ],
    [
      'does nothing for one that nobody knows',
      { currentBuildId: 'C', ramping: null },
      'X',
      { way: 'none', reason: 'unknown-build' },
    ],
  ])('%s', (_what, routing, wanted, decision) => {
    expect(planRollBack({ routing, versions }, wanted)).toMatchObject(decision);
  });

  it('that was done is not undone by asking for it again, but leads on by a name', () => {
    const after = { routing: { currentBuildId: 'C', ramping: null }, versions };
    expect(planRollBack(after, undefined, 'C')).toEqual({ way: 'none', reason: 'rolled-back-already' });
    expect(planRollBack(after, 'B', 'C')).toMatchObject({ way: 'set-current', to: 'B' });
    expect(planRollBack(after, undefined, 'B')).toMatchObject({ way: 'set-current', to: 'A' });
    expect(planRollBack({ ...after, routing: { currentBuildId: 'C', ramping } }, undefined, 'C')).toMatchObject({
      way: 'end-ramp',
    });
    const unversioned = { routing: { currentBuildId: null, ramping: null }, versions };
    expect(planRollBack(unversioned, undefined, null)).toEqual({ way: 'none', reason: 'rolled-back-already' });
  });

  it('finds none before the first version', () => {
    const first = { routing: { currentBuildId: 'A', ramping: null }, versions: [version('A', 'current', 60)] };
    expect(planRollBack(first, undefined)).toEqual({ way: 'none', reason: 'no-version-before' });
  });
});

it.each<[VersionStatus, number, boolean, string]>([
  ['current', 0, false, 'takes-work'],
  ['ramping', 3, false, 'takes-work'],
  ['draining', 2, false, 'workflows-pinned'],
  ['draining', 0, false, 'just-left'],
  ['drained', 1, false, 'workflows-pinned'],
  ['drained', 0, true, 'drained'],
  ['inactive', 0, true, 'not-rolled-out'],
])(
  'workers of a version that is %s with %i workflows pinned to it may be stopped: %s',
  (status, pinned, mayStop, reason) => {
    expect(judgeStop({ status }, pinned)).toEqual({ mayStop, reason });
  },
);

it.each([
  [{ attempt: 2, buildId: 'B', failure: 'NON_DETERMINISTIC_ERROR' }, true],
  [{ attempt: 1, buildId: 'B', failure: 'NON_DETERMINISTIC_ERROR' }, false],
  [{ attempt: 2, buildId: 'A', failure: 'NON_DETERMINISTIC_ERROR' }, false],
  [{ attempt: 2, buildId: null, failure: 'NON_DETERMINISTIC_ERROR' }, false],
  [{ attempt: 5, buildId: 'B', failure: null }, false],
  [{ attempt: 2, buildId: 'B', failure: 'UNHANDLED_COMMAND' }, false],
])('a workflow with the task %j is broken by version B: %s', (standing, isBroken) => {
  expect(isBrokenBy('B', standing)).toBe(isBroken);
});
