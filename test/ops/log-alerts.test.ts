import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hearLogAlerts, LOG_ALERT_NAMES, LOG_ALERTS, type LogAlert } from '../../domain/log-alert.ts';
import { suiteEvidence } from '../leaks/evidence.ts';
import { createTestLogger } from '../stack/test-logger.ts';
import { readExpression } from './promql.ts';
import { readRules } from './rules.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const LAYERS = [
  'activities',
  'api',
  'cli',
  'client',
  'crypto',
  'db',
  'domain',
  'ghl',
  'tracing',
  'worker',
  'workflows',
];

/** The names of alerts that the code writes into log lines. */
async function namesInCode(): Promise<string[]> {
  const names = new Set<string>();
  for (const layer of LAYERS) {
    const files = await readdir(join(root, layer), { recursive: true });
    for (const file of files.filter((name) => name.endsWith('.ts'))) {
      const text = await readFile(join(root, layer, file), 'utf8');
      for (const [, name] of text.matchAll(/\balert(?::| =) '([^']*)'/g)) names.add(name!);
    }
  }
  return [...names].sort();
}

describe('the alerts of the log', () => {
  it('are known by name, every one that the code writes and no other', async () => {
    expect(await namesInCode()).toEqual(LOG_ALERT_NAMES.filter((name) => name !== 'other').sort());
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
