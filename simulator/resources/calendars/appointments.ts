import { z } from 'zod';
import { checkLocation } from '../../http/access.ts';
import { isV3 } from '../../http/api-version.ts';
import { ok, refusal } from '../../http/reply.ts';
import type { Call, Route } from '../../http/route.ts';
import { validate } from '../../http/validate.ts';
import { appointmentStatusSchema } from '../../world/business-records.ts';
import type { Appointment } from '../../world/business-records.ts';
import { getCallContact, getCallLocation } from '../lookup.ts';
import {
  bookAppointment,
  changeAppointment,
  deleteAppointment,
  getAppointment,
  getCalendar,
  viewAppointment,
} from './appointment-writes.ts';

const id = z.string().min(1);
const text = z.string().optional();
const time = z.iso.datetime({ offset: true });

const fields = {
  title: text,
  address: text,
  description: text,
  appointmentStatus: appointmentStatusSchema.optional(),
  assignedUserId: text,
  endTime: time.optional(),
  meetingLocationType: text,
  meetingLocationId: text,
  overrideLocationConfig: z.boolean().optional(),
  ignoreDateRange: z.boolean().optional(),
  ignoreFreeSlotValidation: z.boolean().optional(),
  toNotify: z.boolean().optional(),
  rrule: text,
};
const createSchema = z.strictObject({ ...fields, calendarId: id, locationId: id, contactId: id, startTime: time });
const updateSchema = z.strictObject({ ...fields, calendarId: id.optional(), startTime: time.optional() });
/** Times are milliseconds since 1970; one of the three owners has to be named. */
const listSchema = z.strictObject({
  locationId: id,
  startTime: z.coerce.number(),
  endTime: z.coerce.number(),
  userId: text,
  calendarId: text,
  groupId: text,
});

const read = { access: 'location', scope: 'calendars/events.readonly', method: 'get' } as const;
const write = { access: 'location', scope: 'calendars/events.write' } as const;
const single = '/calendars/events/appointments/:eventId';

export const appointmentRoutes: Route[] = [
  {
    ...read,
    path: '/calendars/events',
    handle(call) {
      const { locationId, startTime, endTime, userId, calendarId, groupId } = validate(listSchema, call.query);
      getCallLocation(call, locationId);
      if (!userId && !calendarId && !groupId) {
        throw refusal(422, ['Either of userId, calendarId or groupId is required']);
      }
      const events = call.sim.world.appointments.listBy('locationId', locationId).filter((appointment) => {
        const atMs = Date.parse(appointment.startTime);
        return (
          atMs >= startTime &&
          atMs <= endTime &&
          (!userId || appointment.assignedUserId === userId) &&
          (!calendarId || appointment.calendarId === calendarId) &&
          (!groupId || appointment.groupId === groupId)
        );
      });
      return ok({ events: events.map(viewAppointment) });
    },
  },
  {
    ...read,
    scope: 'contacts.readonly',
    path: '/contacts/:contactId/appointments',
    handle(call) {
      const { id: contactId } = getCallContact(call);
      return ok({ events: call.sim.world.appointments.listBy('contactId', contactId).map(viewAppointment) });
    },
  },
  { ...read, path: single, handle: (call) => ok({ event: viewAppointment(getOwn(call)) }) },
  {
    ...write,
    method: 'post',
    path: '/calendars/events/appointments',
    handle(call) {
      const { locationId, calendarId, contactId, ignoreFreeSlotValidation, ...input } = validate(
        createSchema,
        call.body,
      );
      getCallLocation(call, locationId);
      const calendar = getCalendar(call.sim, calendarId);
      checkLocation(call, calendar.locationId);
      const booking = { source: 'third_party', anyTime: ignoreFreeSlotValidation ?? false };
      return ok(viewWritten(call, bookAppointment(call.sim, calendar, contactId, pick(input), booking)), 201);
    },
  },
  {
    ...write,
    method: 'put',
    path: single,
    handle(call) {
      const input = validate(updateSchema, call.body);
      const { calendarId } = input;
      if (calendarId) checkLocation(call, getCalendar(call.sim, calendarId).locationId);
      return ok(viewWritten(call, changeAppointment(call.sim, getOwn(call), { ...pick(input), calendarId })));
    },
  },
  {
    ...write,
    method: 'delete',
    path: '/calendars/events/:eventId',
    handle(call) {
      deleteAppointment(call.sim, getOwn(call));
      // One of the few removals that are published as 201.
      return ok({ succeeded: true }, 201);
    },
  },
];

function getOwn(call: Call): Appointment {
  const appointment = getAppointment(call.sim, call.params['eventId'] ?? '');
  checkLocation(call, appointment.locationId);
  return appointment;
}

type Written = Pick<
  z.output<typeof updateSchema>,
  'title' | 'address' | 'appointmentStatus' | 'assignedUserId' | 'endTime'
>;

function pick<T extends Written & { startTime?: string | undefined }>(
  input: T,
): Written & { startTime: T['startTime'] } {
  const { title, address, appointmentStatus, assignedUserId, startTime, endTime } = input;
  return { title, address, appointmentStatus, assignedUserId, startTime, endTime };
}

/** The answer to a write lacks the dates that a read has; the newer version gives them. */
function viewWritten(call: Call, appointment: Appointment): Record<string, unknown> {
  const { dateAdded, dateUpdated, ...rest } = appointment;
  return isV3(call) ? { ...rest, dateAdded, dateUpdated } : rest;
}
