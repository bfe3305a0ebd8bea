import type { ApiReading } from './api.ts';
import type { DeliveryFigures } from './deliveries.ts';

/** Rows in the database. */
export interface Stored {
  /** Updates that were accepted for the account. */
  updates: number;
  events: number;
  leads: number;
  /** Of events, for workflows, beside the reads for the mirror. */
  work: number;
  /** Reads for the mirror: one for a contact, however many events name it. */
  reads: number;
  deadLetters: number;
}

export interface Check {
  what: string;
  expected: number;
  found: number;
  passed: boolean;
}

interface UpdatesRun {
  count: number;
  repeatCount: number;
  updates: DeliveryFigures;
  repeats: DeliveryFigures;
  /** From before the first delivery to after the last. */
  readings: readonly ApiReading[];
  stored: Stored;
  /** Once a new person has come. */
  afterwards: { stored: Stored; reading: ApiReading };
}

/** What must hold of a run; each figure with the one expected. */
export function checkUpdates(run: UpdatesRun): Check[] {
  const { count, repeatCount, stored, afterwards } = run;
  const check = (what: string, found: number, expected: number): Check => {
    return { what, expected, found, passed: found === expected };
  };
  return [
    check('updates answered 200 and taken', run.updates.answers['200 taken'] ?? 0, count),
    check('repeats answered 200 and known', run.repeats.answers['200 repeat'] ?? 0, repeatCount),
    check('rows of accepted updates', stored.updates, count),
    check('rows of events', stored.events, count),
    check('leads', stored.leads, 0),
    check('rows of other work (event_capabilities)', stored.work, 0),
    check('reads for the mirror', stored.reads, count),
    check('dead letters', stored.deadLetters, 0),
    check('deepest inbox seen', Math.max(...run.readings.map(({ inboxDepth }) => inboxDepth)), count),
    check('leads once a new person came', afterwards.stored.leads, 1),
    check('rows of other work once a new person came', afterwards.stored.work, 1),
  ];
}
