import { describe, expect, it } from 'vitest';
import { decideRotation, isStillSealing, judgeKeyRing, type KeyVersion } from '../../domain/key-versions.ts';

const now = new Date('2026-03-01T12:00:00Z');
const version = (number: number, sealedSecondsAgo: number, isRetired = false): KeyVersion => ({
  version: number,
  firstSealedAt: new Date('2026-01-01T00:00:00Z'),
  lastSealedAt: new Date(now.getTime() - sealedSecondsAgo * 1_000),
  retiredAt: isRetired ? now : null,
});
const ring = (currentVersion: number, ...versions: number[]) => ({ currentVersion, versions });

describe('isStillSealing', () => {
  it.each([
    [0, true],
    [179, true],
    [180, false],
    [-30, true],
  ])('after %d seconds without a report: %s', (seconds, expected) => {
    expect(isStillSealing(version(1, seconds), now)).toBe(expected);
  });
});

describe('judgeKeyRing', () => {
  it.each([
    ['nothing where it opens all', ring(1, 1, 2), [version(1, 0), version(2, 0)], []],
    ['a version that others seal with', ring(1, 1), [version(2, 0)], [{ reason: 'unknown-version', version: 2 }]],
    ['no retired version that it lacks', ring(2, 2), [version(1, 900, true), version(2, 0)], []],
    [
      'a retired version that it seals with',
      ring(1, 1),
      [version(1, 0, true)],
      [{ reason: 'seals-retired', version: 1 }],
    ],
  ])('finds %s', (_case, keys, known, expected) => {
    expect(judgeKeyRing(keys, known)).toEqual(expected);
  });
});

describe('decideRotation', () => {
  it.each([
    ['goes ahead while an older version still seals', [version(1, 0), version(2, 0)], { reason: 'ok' }],
    ['refuses while a newer version seals', [version(3, 5)], { reason: 'seals-older', version: 3 }],
    ['goes back to an older version that alone seals now', [version(3, 600)], { reason: 'ok' }],
  ])('%s', (_case, known, expected) => {
    expect(decideRotation(ring(2, 1, 2, 3), known, now)).toEqual(expected);
  });
});
