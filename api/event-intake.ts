import type { Kysely } from 'kysely';
import type { Database } from '../db/schema.ts';
import { withSystemRole } from '../db/scope.ts';
import { currentTraceparent } from '../tracing/trace.ts';
import { createEventsInHand, nameOf } from './events-in-hand.ts';
import type { EventOwner, Incoming, IntakeDoor, Receipt } from './intake-door.ts';
import { createIntakeGroups, type Gathered } from './intake-groups.ts';
import { countEvent, type Metrics } from './metrics.ts';
import { type Delivery, releaseStarts, takeAll, type Taken, type TakeEventsDeps } from './take-events.ts';

export interface EventIntakeDeps extends TakeEventsDeps {
  db: Kysely<Database>;
  metrics: Metrics;
  relay: { wake(): void };
  /** Told of each account that spoke. */
  speech: { note(locationId: string, at: Date): void };
  /** How long a delivery waits for its turn before it is to come again; by default as long as for a connection to Postgres. */
  waitMs?: number | undefined;
}

export interface EventIntake {
  /**
   * Takes an event and all it asks for, in one transaction with what came at the same time, then starts what can be
   * started. What comes of one contact is taken in the order in which it came.
   * @param door how the event is understood
   * @throws KnownLeadKeyError, what the door answers, and what Postgres throws: nothing of the event is stored then
   */
  take<Event extends Incoming, Owner extends EventOwner>(
    door: IntakeDoor<Event, Owner>,
    event: Event,
  ): Promise<Receipt>;
}

/** One at a time is the largest and so the cheapest; others begin only beside one that takes its time. */
const GROUPS_IN_FLIGHT = 4;
const PATIENCE_MS = 20;
const GROUP_SIZE = 64;
const GROUP_BYTES = 4 * 1_048_576;
/** As long as anybody waits for a connection to Postgres (db/database.ts). */
const WAIT_MS = 2_000;

export function createEventIntake(deps: EventIntakeDeps): EventIntake {
  const groups = createIntakeGroups<Delivery & Gathered, Taken>({
    inFlight: GROUPS_IN_FLIGHT,
    patienceMs: PATIENCE_MS,
    size: GROUP_SIZE,
    bytes: GROUP_BYTES,
    waitMs: deps.waitMs ?? WAIT_MS,
    async takeAll(deliveries) {
      let answers: (Taken | Error)[] = [];
      try {
        await withSystemRole(deps.db, 'intake', async (tx) => {
          answers = await takeAll(tx, deps, deliveries);
        });
      } catch (error) {
        releaseStarts(answers);
        throw error;
      }
      return answers;
    },
  });

  async function takeInGroup({ door, event }: Pick<Delivery, 'door' | 'event'>): Promise<Receipt> {
    const delivery = { door, event, traceparent: currentTraceparent() };
    const taken = await groups.take({ ...delivery, alone: namesOf(event), bytes: event.body.length });
    const { receipt, start, wakesRelay } = taken;
    start?.slot.run(start.work);
    if (wakesRelay) deps.relay.wake();
    return receipt;
  }

  const orKnow = createEventsInHand();
  return {
    async take(door, event) {
      const { source, type } = event;
      const arrival = { door, event };
      const receipt = await orKnow(arrival, () => takeInGroup(arrival));
      if (receipt.locationId !== null) deps.speech.note(receipt.locationId, deps.now());
      const status = receipt.outcome === 'repeat' ? 'repeat' : receipt.status;
      countEvent(deps.metrics, { source, type, status });
      return receipt;
    },
  };
}

/** An event's key, and its contact: what an event does to leads, the next of the same contact must see. */
const namesOf = (event: Incoming): string[] => {
  const { ghlLocationId, ghlContactId } = event;
  return [nameOf(event), ...(ghlContactId === null ? [] : [`contact ${ghlLocationId} ${ghlContactId}`])];
};
