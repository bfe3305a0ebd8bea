import { z } from 'zod';
import { calendarEventSchema, calendarSchema } from '../calendar-schema.ts';
import { inGroup, read } from './endpoint-groups.ts';

const calendars = inGroup('calendars');

export const calendarOperations = {
  listCalendars: {
    ...calendars,
    ...read,
    path: '/calendars/',
    response: z.object({ calendars: z.array(calendarSchema) }),
  },
  listCalendarEvents: {
    ...calendars,
    ...read,
    path: '/calendars/events',
    response: z.object({ events: z.array(calendarEventSchema) }),
  },
  getAppointment: {
    ...calendars,
    ...read,
    path: '/calendars/events/appointments/:eventId',
    response: z.object({ event: calendarEventSchema }),
  },
} as const;
