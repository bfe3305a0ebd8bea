import { describe, expect, it } from 'vitest';
import { readExpression } from './promql.ts';
import { readRules } from './rules.ts';

const COMPARISON = /^(.*) (>|==) (\d+)$/;

/** Whether a condition of comparisons holds, joined by `or` and, more closely, by `and on ()`, with these figures. */
function doesHold(expression: string, figures: Record<string, number>): boolean {
  const compares = (text: string): boolean => {
    const [, side, operator, limit] = COMPARISON.exec(text.trim())!;
    const [metric] = readExpression(side!).metrics;
    const value = figures[metric!.name]!;
    return operator === '>' ? value > Number(limit) : value === Number(limit);
  };
  return expression.split(' or ').some((each) => each.split(' and on () ').every(compares));
}

describe('InboxStandsStill', () => {
  it.each([
    ['nothing is handed over, and something has waited', 300, 0, true],
    ['a burst takes its time', 600, 40, false],
    ['something was left behind while the rest goes on', 4_000, 40, true],
    ['what waits has just come', 60, 0, false],
    ['nothing waits', 0, 0, false],
  ])('where %s: %i s and %i handed over is %s', async (_what, oldest, handedOver, fires) => {
    const { expr } = (await readRules()).find(({ alert }) => alert === 'InboxStandsStill')!;
    const figures = { switchyard_inbox_oldest_seconds: oldest, switchyard_workflow_handovers_total: handedOver };
    expect(doesHold(expr, figures)).toBe(fires);
  });
});
