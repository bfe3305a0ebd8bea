import type { BurstResult } from './burst.ts';
import { drawTable } from './table.ts';

/** What a run is to show. */
interface Check {
  what: string;
  passed: boolean;
}

/** What a burst on a contact may cost, however many events it has. */
const MOST_READS_A_CONTACT = 5;

const inSeconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

export function checkBursts(results: readonly BurstResult[]): Check[] {
  return [
    {
      what: 'the mirror shows the last change of every contact',
      passed: results.every(({ currentAfterMs }) => currentAfterMs !== null),
    },
    { what: 'GHL answers no 429', passed: results.every(({ refused }) => refused === 0) },
    {
      what: `a contact is read ${MOST_READS_A_CONTACT} times at most, and no more often than it has events`,
      passed: results.every(
        ({ reads, contacts, events }) => reads <= Math.min(contacts * MOST_READS_A_CONTACT, events),
      ),
    },
  ];
}

export function describeBursts(results: readonly BurstResult[]): string[] {
  const head = [
    'events on',
    'events',
    'reads',
    'floor',
    'other calls',
    'handed over',
    'workflows',
    'history events',
    'transactions',
    'changed in',
    'current after',
  ];
  const rows = results.map((each) => [
    each.name,
    String(each.events),
    String(each.reads),
    // Nobody knows how a contact is without reading it once.
    String(each.contacts),
    String(each.otherCalls),
    String(each.handovers),
    String(each.workflows),
    String(each.historyEvents),
    String(each.transactions),
    inSeconds(each.changingMs),
    each.currentAfterMs === null ? 'never' : inSeconds(each.currentAfterMs),
  ]);
  const checks = checkBursts(results).map(({ what, passed }) => `${passed ? 'yes' : 'NO '}  ${what}`);
  return [...drawTable(head, rows), ...checks];
}
