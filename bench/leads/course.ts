import type { Client } from '@temporalio/client';
import type { temporal as proto } from '@temporalio/proto';
import type { TimedLead } from './database.ts';

/** One stretch of a lead's way from its webhook to its rep. */
export interface Stretch {
  what: string;
  ms: number;
}

export interface Course {
  stretches: Stretch[];
  /** Events of the workflow's history until the step that assigned the lead had ended. */
  events: number;
}

type HistoryEvent = proto.api.history.v1.IHistoryEvent;

/** The steps after which a lead counts as assigned: with its contact, or without one. */
const LAST_STEPS = ['assignLead', 'confirmAssignment'];

/** Reads a lead's way out of its workflow's history. */
export async function readCourse(temporal: Client, lead: TimedLead): Promise<Course> {
  const handle = temporal.workflow.getHandle(`lead-intake/${lead.agencyId}/${lead.id}`);
  const { events } = await handle.fetchHistory();
  return followCourse(events ?? [], lead.receivedAt.getTime());
}

/**
 * Cuts the way from a webhook's receipt to the assigning step into stretches: until the workflow exists, then for each
 * step until Temporal was asked for it, until a worker took it up, and until it was done.
 * @param receivedMs by the clock of the API, which is the server's on one machine
 */
export function followCourse(events: readonly HistoryEvent[], receivedMs: number): Course {
  const stretches: Stretch[] = [];
  let lastMs = receivedMs;
  const add = (what: string, event: HistoryEvent): void => {
    const ms = timeOf(event);
    stretches.push({ what, ms: ms - lastMs });
    lastMs = ms;
  };
  for (const [index, event] of events.entries()) {
    if (event.workflowExecutionStartedEventAttributes) add('receipt to start', event);
    if (event.activityTaskScheduledEventAttributes) add(`decide ${nameOf(event)}`, event);
    const scheduledId = (event.activityTaskStartedEventAttributes ?? event.activityTaskCompletedEventAttributes)
      ?.scheduledEventId;
    const scheduled = events.find(({ eventId }) => scheduledId != null && String(eventId) === String(scheduledId));
    if (!scheduled) continue;
    if (event.activityTaskStartedEventAttributes) add(`queue ${nameOf(scheduled)}`, event);
    if (event.activityTaskCompletedEventAttributes) {
      add(`do ${nameOf(scheduled)}`, event);
      if (LAST_STEPS.includes(nameOf(scheduled))) return { stretches, events: index + 1 };
    }
  }
  return { stretches, events: events.length };
}

const nameOf = (event: HistoryEvent): string =>
  event.activityTaskScheduledEventAttributes?.activityType?.name ?? 'unknown';

function timeOf({ eventTime }: HistoryEvent): number {
  return Number(eventTime?.seconds ?? 0) * 1_000 + (eventTime?.nanos ?? 0) / 1e6;
}
