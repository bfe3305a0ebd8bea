import { createEventIntake, type EventIntake } from '../../api/event-intake.ts';
import { readGhlDelivery } from '../../api/ghl-delivery.ts';
import { takeGhlDelivery } from '../../api/ghl-intake.ts';
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

export type Event = Record<string, unknown>;
export const idOf = (event: Event): string => event['webhookId'] as string;

/** Delivers as GHL does, of an account where the event names none. */
export const createDeliveries = (account: { ghlId: string }, intake: EventIntake) => {
  const deliver = (event: Event, by: EventIntake = intake): Promise<Receipt> => {
    const body = Buffer.from(JSON.stringify({ locationId: account.ghlId, ...event }));
    return takeGhlDelivery(by, readGhlDelivery(body, {}), body);
  };
  /** What is delivered without waiting in between is taken together. */
  const deliverAll = (events: Event[], by?: EventIntake) =>
    Promise.allSettled(events.map((event) => deliver(event, by)));
  return { deliver, deliverAll };
};

export type Deliveries = ReturnType<typeof createDeliveries>;

export const outcomesOf = (settled: PromiseSettledResult<Receipt>[]) =>
  settled.map((each) => (each.status === 'fulfilled' ? each.value.outcome : 'refused'));
