import type { MirroredResource } from './mirror.ts';

/** What polling reads. Notes and tasks come with their contact's events, transactions with a backfill. */
export type PolledResource = Exclude<MirroredResource, 'note' | 'task' | 'transaction'>;

/** `delta` looks for what has changed lately; `sweep` goes through everything, and finds what is gone. */
export type PassKind = 'delta' | 'sweep';

/** How busy a location is. */
export type Pace = 'hot' | 'usual' | 'idle';

export type GapKind = 'created' | 'updated' | 'deleted';

interface PassRule {
  everyMs: Record<Pace, number>;
}

export interface PollRule {
  /** Absent where GHL cannot list by the last change: the sweep finds that too, and comes more often. */
  delta?: PassRule & {
    /** So far a round goes back behind what the one before has seen: longer than GHL's lists lag, by GHL's own clock. */
    overlapMs: number;
  };
  sweep: PassRule;
  /**
   * What proves that a record which a list lacks is gone: the record itself, read by its id; where GHL has no such call,
   * a second list that lacks it.
   */
  goneBy: 'read' | 'second-list';
  /**
   * The events that should have told, and that name the record; an empty list where GHL sends none of the kind, null where
   * it sends none at all. Of two changes of one record within seconds the event of either counts for both.
   */
  toldBy: Record<GapKind, readonly string[]> | null;
}

/** When and how polling works; tests shorten it. */
export interface PollPolicy {
  rules: Record<PolledResource, PollRule>;
  /** Webhooks are retried for so long that a change which no event told is not a gap before. */
  gapGraceMs: number;
  /** Which appointments a sweep covers, around the present. */
  appointments: { pastMs: number; aheadMs: number };
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const every = (hotMs: number, usualMs: number, idleMs: number): PassRule => ({
  everyMs: { hot: hotMs, usual: usualMs, idle: idleMs },
});

const setUp: PollRule = { sweep: every(6 * HOUR_MS, DAY_MS, DAY_MS), goneBy: 'second-list', toldBy: null };

/**
 * A sweep of 5,000 contacts is 50 requests, a delta of an idle location one: at 500 locations each stays below 1 % of
 * what GHL grants it in a day.
 */
export const POLL_POLICY: PollPolicy = {
  rules: {
    contact: {
      delta: { ...every(2 * MINUTE_MS, 10 * MINUTE_MS, HOUR_MS), overlapMs: 2 * MINUTE_MS },
      sweep: every(DAY_MS, DAY_MS, 3 * DAY_MS),
      goneBy: 'read',
      toldBy: {
        created: ['ContactCreate'],
        updated: ['ContactCreate', 'ContactUpdate', 'ContactTagUpdate', 'ContactDndUpdate'],
        deleted: ['ContactDelete'],
      },
    },
    opportunity: {
      delta: { ...every(5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS), overlapMs: 2 * MINUTE_MS },
      // The sorted search is known from GHL's document alone: should it be refused, sweeps find changes within hours.
      sweep: every(HOUR_MS, 6 * HOUR_MS, DAY_MS),
      goneBy: 'read',
      toldBy: {
        created: ['OpportunityCreate'],
        updated: [
          'OpportunityCreate',
          'OpportunityUpdate',
          'OpportunityStageUpdate',
          'OpportunityStatusUpdate',
          'OpportunityMonetaryValueUpdate',
          'OpportunityAssignedToUpdate',
        ],
        deleted: ['OpportunityDelete'],
      },
    },
    conversation: {
      delta: { ...every(5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS), overlapMs: 2 * MINUTE_MS },
      sweep: every(DAY_MS, DAY_MS, 3 * DAY_MS),
      goneBy: 'read',
      toldBy: null,
    },
    message: {
      // GHL goes by the last change and tells only when a message was made: whether it arrived is known within a day.
      delta: { ...every(5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS), overlapMs: DAY_MS },
      sweep: every(7 * DAY_MS, 7 * DAY_MS, 14 * DAY_MS),
      goneBy: 'read',
      // Of what becomes of it afterwards GHL tells no time.
      toldBy: { created: ['InboundMessage', 'OutboundMessage'], updated: [], deleted: [] },
    },
    appointment: {
      sweep: every(30 * MINUTE_MS, 2 * HOUR_MS, 12 * HOUR_MS),
      goneBy: 'read',
      toldBy: {
        created: ['AppointmentCreate'],
        updated: ['AppointmentCreate', 'AppointmentUpdate'],
        deleted: ['AppointmentDelete'],
      },
    },
    user: { ...setUp, goneBy: 'read' },
    'custom-field': setUp,
    pipeline: setUp,
  },
  gapGraceMs: 30 * MINUTE_MS,
  appointments: { pastMs: 30 * DAY_MS, aheadMs: 180 * DAY_MS },
};

/** Every pass there is over a location, the most urgent first: what makes leads, then what else changes, then sweeps. */
export const passesOf = ({ rules }: PollPolicy): { resource: PolledResource; kind: PassKind }[] => {
  const resources = Object.keys(rules) as PolledResource[];
  const deltas = resources.filter((resource) => rules[resource].delta !== undefined);
  return [
    ...deltas.map((resource) => ({ resource, kind: 'delta' as const })),
    ...resources.map((resource) => ({ resource, kind: 'sweep' as const })),
  ];
};

/** A run that hangs must not keep its location from being polled for ever; one that is cut short goes on in the next. */
export const POLL_RUN_TIMEOUT = '12 hours';
