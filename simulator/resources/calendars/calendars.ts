import { z } from 'zod';
import { checkLocation } from '../../http/access.ts';
import { ok, refusal } from '../../http/reply.ts';
import type { Call, Route } from '../../http/route.ts';
import { validate } from '../../http/validate.ts';
import type { Calendar } from '../../world/business-records.ts';
import { getCallLocation } from '../lookup.ts';
import { getCalendar } from './appointment-writes.ts';
import { listFreeSlots } from './slots.ts';

const id = z.string().min(1);
const text = z.string().optional();
const longestSpanMs = 31 * 86_400_000;

const listSchema = z.strictObject({ locationId: id, groupId: text, showDrafted: text });
/** Dates are milliseconds since 1970. */
const slotsSchema = z.strictObject({
  startDate: z.coerce.number(),
  endDate: z.coerce.number(),
  timezone: text,
  userId: text,
  userIds: text,
});

const read = { access: 'location', scope: 'calendars.readonly', method: 'get' } as const;

export const calendarRoutes: Route[] = [
  {
    ...read,
    path: '/calendars/',
    handle(call) {
      const { locationId, groupId } = validate(listSchema, call.query);
      getCallLocation(call, locationId);
      const calendars = call.sim.world.calendars.listBy('locationId', locationId);
      const wanted = calendars.filter((calendar) => !groupId || calendar.groupId === groupId);
      return ok({ calendars: wanted.map(viewCalendar) });
    },
  },
  {
    ...read,
    path: '/calendars/:calendarId/free-slots',
    handle(call) {
      const { startDate, endDate } = validate(slotsSchema, call.query);
      const calendar = getOwn(call);
      if (endDate - startDate > longestSpanMs || endDate < startDate) {
        throw refusal(422, ['Date range can not be more than 31 days']);
      }
      return ok(listFreeSlots(call.sim, calendar, startDate, endDate));
    },
  },
  { ...read, path: '/calendars/:calendarId', handle: (call) => ok({ calendar: viewCalendar(getOwn(call)) }) },
];

/** The published form of opening hours; the simulator's are the same every day. */
function viewCalendar({ openHours, ...calendar }: Calendar): Record<string, unknown> {
  const hours = [{ openHour: openHours.fromHour, openMinute: 0, closeHour: openHours.toHour, closeMinute: 0 }];
  return {
    ...calendar,
    slotDurationUnit: 'mins',
    openHours: [{ daysOfTheWeek: [0, 1, 2, 3, 4, 5, 6], hours }],
  };
}

function getOwn(call: Call): Calendar {
  const calendar = getCalendar(call.sim, call.params['calendarId'] ?? '');
  checkLocation(call, calendar.locationId);
  return calendar;
}
