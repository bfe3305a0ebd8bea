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
const LAST_STEPS = ['assignAndTellLead', 'assignLead', 'confirmAssignment'];

/** Reads a lead's way out of its workflow's history. */
export async function readCourse(temporal: Client, lead: TimedLead): Promise<Course> {
  const handle = temporal.workflow.getHandle(`lead-intake/${lead.agencyId}/${lead.id}`);
  const { events } = await handle.fetchHistory();
  return followCourse(events ?? [], lead.receivedAt.getTime());
}

/**
 * Cuts the way from a webhook's receipt to the assigning step into stretches: until the workflow exists, then for each
 * step until Temporal was asked for it, until a worker took it up, and until it was done. A step within a workflow task is
 * not queued.
 * @param receivedMs by the clock of the API, which is the server's on one machine
 */
export function followCourse(events: readonly HistoryEvent[], receivedMs: number): Course {
  const stretches: Stretch[] = [];
  let lastMs = receivedMs;
  let taskMs = receivedMs;
  const add = (what: string, ms: number): void => {
    stretches.push({ what, ms: ms - lastMs });
    lastMs = ms;
  };
  for (const [index, event] of events.entries()) {
    const ms = msOf(event.eventTime);
    if (event.workflowExecutionStartedEventAttributes) add('receipt to start', ms);
    if (event.workflowTaskStartedEventAttributes) taskMs = ms;
    const within = stepWithinTask(event);
    if (within) {
      const { activity_type: name, original_schedule_time: asked, complete_time: done } = within;
      add(`decide ${name}`, msOf(asked));
      // It is told as if it had begun with its task.
      add(`do ${name}`, lastMs + msOf(done) - taskMs);
    }
    if (event.activityTaskScheduledEventAttributes) add(`decide ${nameOf(event)}`, ms);
    const scheduledId = (event.activityTaskStartedEventAttributes ?? event.activityTaskCompletedEventAttributes)
      ?.scheduledEventId;
    const scheduled = events.find(({ eventId }) => scheduledId != null && String(eventId) === String(scheduledId));
    if (!scheduled) continue;
    if (event.activityTaskStartedEventAttributes) add(`queue ${nameOf(scheduled)}`, ms);
    if (event.activityTaskCompletedEventAttributes) {
      add(`do ${nameOf(scheduled)}`, ms);
      if (LAST_STEPS.includes(nameOf(scheduled))) return { stretches, events: index + 1 };
    }
  }
  return { stretches, events: events.length };
}

/** What the SDK's mark of such a step says of it, as JSON in the clear. */
interface StepWithinTask {
  activity_type: string;
  original_schedule_time: Time;
  complete_time: Time;
}

type Time = { seconds?: unknown; nanos?: number | null } | null | undefined;

function stepWithinTask({ markerRecordedEventAttributes: mark }: HistoryEvent): StepWithinTask | undefined {
  const data = mark?.markerName === 'core_local_activity' ? mark.details?.['data']?.payloads?.[0]?.data : undefined;
  return data ? (JSON.parse(Buffer.from(data).toString()) as StepWithinTask) : undefined;
}

const nameOf = (event: HistoryEvent): string =>
  event.activityTaskScheduledEventAttributes?.activityType?.name ?? 'unknown';

const msOf = (time: Time): number => Number(time?.seconds ?? 0) * 1_000 + (time?.nanos ?? 0) / 1e6;
