import { plainRefusal } from '../../http/reply.ts';
import type { Simulation } from '../../simulation.ts';
import type { Appointment, Calendar } from '../../world/business-records.ts';
import { getContact } from '../contact-writes.ts';
import { noteActivity } from '../messaging/message-writes.ts';
import { isTaken } from './slots.ts';

/** What is said of an appointment when it is made or changed. */
export interface AppointmentInput {
  title?: string | undefined;
  address?: string | undefined;
  appointmentStatus?: Appointment['appointmentStatus'] | undefined;
  assignedUserId?: string | undefined;
  startTime?: string | undefined;
  endTime?: string | undefined;
  calendarId?: string | undefined;
}

/** Returns the calendar. Raises 404 where it does not exist. */
export function getCalendar(sim: Simulation, calendarId: string): Calendar {
  const calendar = sim.world.calendars.get(calendarId);
  if (!calendar) throw plainRefusal(404, 'Calendar not found');
  return calendar;
}

/** Returns the appointment. Raises 404 where it does not exist. */
export function getAppointment(sim: Simulation, appointmentId: string): Appointment {
  const appointment = sim.world.appointments.get(appointmentId);
  if (!appointment) throw plainRefusal(404, 'Event not found');
  return appointment;
}

/** Books an appointment and announces it. Raises 400 where the time is taken, unless that is to be ignored. */
export function bookAppointment(
  sim: Simulation,
  calendar: Calendar,
  contactId: string,
  input: AppointmentInput & { startTime: string },
  booking: { source: string; anyTime: boolean },
): Appointment {
  const contact = getContact(sim, contactId);
  if (contact.locationId !== calendar.locationId) throw plainRefusal(400, `Contact with id ${contactId} not found`);
  const startMs = Date.parse(input.startTime);
  const end = input.endTime ?? new Date(startMs + calendar.slotDuration * 60_000).toISOString();
  if (!booking.anyTime && isTaken(sim, calendar, startMs, Date.parse(end))) {
    throw plainRefusal(400, 'The slot you have selected is no longer available.');
  }
  const now = sim.clock.now().toISOString();
  const appointment: Appointment = {
    id: sim.random.id(),
    locationId: calendar.locationId,
    calendarId: calendar.id,
    contactId,
    ...(calendar.groupId ? { groupId: calendar.groupId } : {}),
    title: input.title ?? calendar.name,
    address: input.address ?? '',
    appointmentStatus: input.appointmentStatus ?? 'confirmed',
    assignedUserId: input.assignedUserId ?? calendar.teamMembers[0]?.userId,
    notes: '',
    source: booking.source,
    startTime: input.startTime,
    endTime: end,
    dateAdded: now,
    dateUpdated: now,
  };
  sim.world.appointments.set(appointment.id, appointment);
  announce(sim, 'AppointmentCreate', appointment);
  noteActivity(sim, contactId, 'TYPE_ACTIVITY_APPOINTMENT', 'Appointment booked');
  return appointment;
}

/** Writes fields over an appointment and announces that. */
export function changeAppointment(sim: Simulation, before: Appointment, input: AppointmentInput): Appointment {
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
  const after: Appointment = { ...before, ...given, dateUpdated: sim.clock.now().toISOString() };
  sim.world.appointments.set(after.id, after);
  announce(sim, 'AppointmentUpdate', after);
  return after;
}

/** Removes an appointment and announces that. */
export function deleteAppointment(sim: Simulation, appointment: Appointment): void {
  sim.world.appointments.delete(appointment.id);
  sim.changes.noteRemoved('appointment', [appointment.id], sim.clock.now());
  announce(sim, 'AppointmentDelete', appointment);
}

/** An appointment as it is read; only who is assigned takes part in it. */
export function viewAppointment(appointment: Appointment): Record<string, unknown> {
  return { ...appointment, users: appointment.assignedUserId ? [appointment.assignedUserId] : [] };
}

/** Unlike other events these carry what they are about one level deeper. */
function announce(sim: Simulation, type: string, whole: Appointment): void {
  const { locationId: _location, ...appointment } = viewAppointment(whole);
  const companyId = sim.world.locations.get(whole.locationId)?.companyId ?? '';
  sim.emitter.emit({ type, companyId, locationId: whole.locationId, fields: { appointment } });
}
