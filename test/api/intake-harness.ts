import { createEventIntake, type EventIntake } from '../../api/event-intake.ts';
import type { Receipt } from '../../api/intake-door.ts';
import { createMetrics } from '../../api/metrics.ts';
import type { TestDatabase } from '../stack/database.ts';
import { keyRing } from './api-world.ts';

/** What takes events in, without the HTTP before and the workflows after it. */
export const createTestIntake = (db: TestDatabase['db']): EventIntake =>
  createEventIntake({
    db,
    keys: keyRing,
    metrics: createMetrics(),
    starts: { reserve: () => undefined, settled: () => Promise.resolve() },
    relay: { wake: () => {} },
    speech: { note: () => {} },
    gatherMs: 5_000,
    now: () => new Date(),
  });

export const outcomesOf = (settled: PromiseSettledResult<Receipt>[]) =>
  settled.map((each) => (each.status === 'fulfilled' ? each.value.outcome : 'refused'));
