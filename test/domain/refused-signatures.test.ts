import { describe, expect, it } from 'vitest';
import { decideRefusalAlert } from '../../domain/refused-signatures.ts';

describe('refused signatures', () => {
  it.each([
    [0, 1, false],
    [19, 20, false],
    [20, 21, true],
    [21, 100, false],
    [100, 101, true],
    [101, 1_000, false],
    [999, 5_000, true],
    [0, 12_000, true],
    [1_001, 10_000, false],
  ])('that grow from %d to %d in an hour raise an alert: %s', (before, after, alert) => {
    expect(decideRefusalAlert(before, after).alert).toBe(alert);
  });
});
