import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinRotation, nextInRotation } from '../../domain/rotation.ts';
import type { RotationMember } from '../../domain/rotation.ts';

function start(...weights: number[]): RotationMember[] {
  return weights.map((weight, position) => ({ id: `rep-${position}`, weight, rotationPass: 0 }));
}

/** Takes one turn among those who are present and stores the new pass. */
function take(members: RotationMember[], isPresent: (member: RotationMember) => boolean = () => true): string {
  const turn = nextInRotation(members.filter(isPresent));
  const chosen = members.find((member) => member.id === turn?.repId);
  if (turn === undefined || chosen === undefined) throw new Error('nobody was chosen');
  chosen.rotationPass = turn.rotationPass;
  return turn.repId;
}

function count(turns: string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const id of turns) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

const weights = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 8 });

describe('nextInRotation', () => {
  it('goes round in order of id among equals', () => {
    const members = start(1, 1, 1).reverse();
    const turns = Array.from({ length: 6 }, () => take(members));
    expect(turns).toEqual(['rep-0', 'rep-1', 'rep-2', 'rep-0', 'rep-1', 'rep-2']);
  });

  it('gives each its share, over any number of full rounds, to within one', () => {
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 5 }), (shares, rounds) => {
        const members = start(...shares);
        const total = shares.reduce((sum, share) => sum + share, 0);
        const counts = count(Array.from({ length: total * rounds }, () => take(members)));
        for (const { id, weight } of members) {
          expect(Math.abs((counts.get(id) ?? 0) - weight * rounds)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('gives exact shares for small weights', () => {
    const members = start(1, 2, 3, 7, 13, 19);
    const counts = count(Array.from({ length: 45 * 40 }, () => take(members)));
    expect(members.map(({ id }) => counts.get(id))).toEqual([40, 80, 120, 280, 520, 760]);
  });

  it('goes on unchanged after a restart', () => {
    fc.assert(
      fc.property(weights, (shares) => {
        const steady = start(...shares);
        let restarted = start(...shares);
        for (let turn = 0; turn < 60; turn += 1) {
          restarted = JSON.parse(JSON.stringify(restarted)) as RotationMember[];
          expect(take(restarted)).toBe(take(steady));
        }
      }),
    );
  });

  it('never chooses a weight of zero', () => {
    const members = start(0, 1, -1);
    expect(count(Array.from({ length: 5 }, () => take(members)))).toEqual(new Map([['rep-1', 5]]));
    expect(nextInRotation(start(0, 0))).toBeUndefined();
    expect(nextInRotation([])).toBeUndefined();
  });

  it('does not flood a rep who was away', () => {
    const members = start(1, 1);
    for (let turn = 0; turn < 50; turn += 1) take(members, (member) => member.id === 'rep-0');
    const turns = Array.from({ length: 10 }, () => take(members));
    expect(count(turns)).toEqual(
      new Map([
        ['rep-0', 5],
        ['rep-1', 5],
      ]),
    );
  });

  it('serves two reps who stay in proportion to their weights, however the others come and go', () => {
    const weight = fc.integer({ min: 1, max: 20 });
    const presence = fc.array(fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(fc.array(weight, { minLength: 6, maxLength: 6 }), presence, (shares, steps) => {
        const members = start(...shares);
        const turns = steps.map((present) => take(members, ({ id }) => present[Number(id.slice(4)) - 2] ?? true));
        const counts = count(turns);
        const [first, second] = [shares[0] ?? 0, shares[1] ?? 0];
        const gap = Math.abs((counts.get('rep-0') ?? 0) / first - (counts.get('rep-1') ?? 0) / second);
        expect(gap).toBeLessThanOrEqual(1 / first + 1 / second + 1e-9);
      }),
      { numRuns: 500 },
    );
  });
});

describe('joinRotation', () => {
  it('starts a newcomer at the lowest pass of the others', () => {
    expect(joinRotation([{ rotationPass: 30 }, { rotationPass: 10 }])).toBe(10);
    expect(joinRotation([])).toBe(0);
  });

  it('gives nothing for leaving and coming back', () => {
    expect(joinRotation([{ rotationPass: 10 }], 25)).toBe(25);
    expect(joinRotation([{ rotationPass: 10 }], 5)).toBe(10);
  });

  it('gives a newcomer its share from the first round on', () => {
    const members = start(1, 1, 1);
    for (let turn = 0; turn < 100; turn += 1) take(members);
    members.push({ id: 'newcomer', weight: 1, rotationPass: joinRotation(members) });
    const counts = count(Array.from({ length: 40 }, () => take(members)));
    for (const { id } of members) expect(Math.abs((counts.get(id) ?? 0) - 10)).toBeLessThanOrEqual(1);
  });
});
