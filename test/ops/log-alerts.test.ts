import { describe, expect, it } from 'vitest';
import { hearLogAlerts, LOG_ALERT_NAMES, LOG_ALERTS, type LogAlert } from '../../domain/log-alert.ts';
import { suiteEvidence } from '../leaks/evidence.ts';
import { listProductSources } from '../leaks/product-sources.ts';
import { createTestLogger } from '../stack/test-logger.ts';
import { readExpression } from './promql.ts';
import { readRules } from './rules.ts';

/** The names of alerts that the code writes into log lines. */
const namesInCode = (): string[] => {
  const named = listProductSources().flatMap(({ text }) => [...text.matchAll(/\balert(?::| =) '([^']*)'/g)]);
  return [...new Set(named.map(([, name]) => name!))].sort();
};

describe('the alerts of the log', () => {
  it('are known by name, every one that the code writes and no other', () => {
    expect(namesInCode()).toEqual(LOG_ALERT_NAMES.filter((name) => name !== 'other').sort());
  });

  it('are told by a rule each: by one that reads other figures, or by that of the log', async () => {
    const rules = await readRules();
    const names = rules.map(({ alert }) => alert);
    const own = LOG_ALERT_NAMES.flatMap((name) => LOG_ALERTS[name] ?? []);
    expect(names).toEqual(expect.arrayContaining(own));
    const rule = rules.find(({ alert }) => alert === 'LogAlerts')!;
    const asked = readExpression(rule.expr).metrics.flatMap(({ matchers }) => matchers);
    expect(asked).toHaveLength(2);
    for (const { label, operator, value } of asked) {
      expect([label, operator]).toEqual(['alert', '=~']);
      expect(value.split('|').sort()).toEqual(LOG_ALERT_NAMES.filter((name) => LOG_ALERTS[name] === null).sort());
    }
  });
});

describe('a logger that is heard', () => {
  it('tells of each alert that is written, by itself or by its children, and writes all lines as they are', () => {
    const heard: LogAlert[] = [];
    const lines: string[] = [];
    const hooks = hearLogAlerts((alert) => heard.push(alert));
    const log = createTestLogger((line) => void lines.push(line), suiteEvidence, hooks);
    log.error({ alert: 'step-unforeseen' }, 'it %s', 'fails');
    log.child({ from: 'temporal' }).warn({ alert: 'dead-letter-lost' }, 'lost');
    log.warn({ alert: 'new-here' }, 'unknown');
    log.warn('a text');
    log.warn({ alertness: 'high' }, 'no alert');
    expect(heard).toEqual(['step-unforeseen', 'dead-letter-lost', 'other']);
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
      'it fails',
      'lost',
      'unknown',
      'a text',
      'no alert',
    ]);
  });
});
