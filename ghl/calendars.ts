import type { GhlCalls, LocationCall } from './calls.ts';
import type { GhlCalendar, GhlCalendarEvent } from './calendar-schema.ts';

/** All calendars of the location. They change rarely. */
export async function listCalendars(ghl: GhlCalls, context: LocationCall): Promise<GhlCalendar[]> {
  const query = { locationId: context.resource.ghlLocationId };
  const answer = await ghl.call('listCalendars', { ...context, query });
  return answer.calendars;
}

/**
 * The events that start between two times, for one calendar, user or group: GHL tells none without. They come in one
 * piece, so a caller chooses short spans.
 */
export async function listCalendarEvents(
  ghl: GhlCalls,
  context: LocationCall,
  of: ({ calendarId: string } | { userId: string } | { groupId: string }) & { from: Date; to: Date },
): Promise<GhlCalendarEvent[]> {
  const { from, to, ...owner } = of;
  const query = {
    locationId: context.resource.ghlLocationId,
    // Milliseconds since 1970, unlike the times of the events themselves.
    startTime: String(from.getTime()),
    endTime: String(to.getTime()),
    ...('calendarId' in owner ? { calendarId: owner.calendarId } : {}),
    ...('userId' in owner ? { userId: owner.userId } : {}),
    ...('groupId' in owner ? { groupId: owner.groupId } : {}),
  };
  const answer = await ghl.call('listCalendarEvents', { ...context, query });
  return answer.events;
}

/** Raises GhlNotFoundError for an appointment that has been deleted. */
export async function getAppointment(ghl: GhlCalls, context: LocationCall, eventId: string): Promise<GhlCalendarEvent> {
  const answer = await ghl.call('getAppointment', { ...context, path: { eventId } });
  return answer.event;
}
