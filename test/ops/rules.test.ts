import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { TASK_QUEUES } from '../../client/task-queues.ts';
import { isMatch, readExpression } from './promql.ts';
import { listExpressions, readDashboard, readRules } from './rules.ts';

describe('the alert rules', () => {
  it('have names of their own, and each a section of what to do', async () => {
    const rules = await readRules();
    const names = rules.map(({ alert }) => alert);
    expect(new Set(names).size).toBe(names.length);
    const operations = await readFile(new URL('../../docs/operations.md', import.meta.url), 'utf8');
    const sections = [...operations.matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
    expect(sections).toEqual(names);
    for (const { alert, annotations } of rules)
      expect(annotations.runbook).toBe(`docs/operations.md#${alert.toLowerCase()}`);
  });

  it('speak of no label that their expression does not keep', async () => {
    for (const { where, expression, texts } of await listExpressions()) {
      const { metrics, groupedBy } = readExpression(expression);
      // Without any grouping the labels of the metric itself stay.
      const kept =
        groupedBy.length > 0 ? groupedBy : metrics.map(({ name }) => (name === 'up' ? ['job', 'instance'] : [])).flat();
      const spoken = texts.flatMap((text) =>
        [...text.matchAll(/\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}/g)].map(([, label]) => label!),
      );
      expect(kept, where).toEqual(expect.arrayContaining(spoken));
    }
  });

  it('look at every task queue', async () => {
    const looks = (await readRules()).flatMap(({ expr }) =>
      readExpression(expr).metrics.filter(({ name }) => name === 'switchyard_task_queue_backlog_age_seconds'),
    );
    const isSeen = (queue: string): boolean =>
      looks.some(({ matchers }) => matchers.every((each) => isMatch(each, queue)));
    const queues = TASK_QUEUES.map(({ queue }) => queue);
    expect(queues).toContain('webhooks');
    expect(queues.filter((queue) => !isSeen(queue))).toEqual([]);
  });
});

describe('the dashboard', () => {
  it('has a row for leads, inbox, GHL, Temporal, mirror, upkeep, notices and processes, and something in each', async () => {
    const { panels } = await readDashboard();
    const rows = panels.flatMap(({ type, title }, index) => (type === 'row' ? [{ title, index }] : []));
    const titles = ['Leads', 'Inbox', 'GHL', 'Temporal', 'Mirror', 'Upkeep', 'Notices', 'Processes'];
    expect(rows.map(({ title }) => title)).toEqual(titles);
    for (const { index } of rows) expect(panels[index + 1]?.targets.length).toBeGreaterThan(0);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });
});

describe('an expression', () => {
  it('is read into its metrics, their labels and its grouping', () => {
    const read = readExpression(
      'histogram_quantile(0.9, sum by (le, a) (rate(x_bucket{b="c by (d)",e!~"f|g"}[5m]))) > 1 and y unless z offset 1h',
    );
    expect(read).toEqual({
      metrics: [
        {
          name: 'x_bucket',
          matchers: [
            { label: 'b', operator: '=', value: 'c by (d)' },
            { label: 'e', operator: '!~', value: 'f|g' },
          ],
        },
        { name: 'y', matchers: [] },
        { name: 'z', matchers: [] },
      ],
      groupedBy: ['le', 'a'],
    });
    expect(() => readExpression('sum(rate(x[5m])')).toThrow('do not match');
  });
});
