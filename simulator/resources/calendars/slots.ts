import type { Simulation } from '../../simulation.ts';
import type { Calendar } from '../../world/business-records.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;

/** Returns the free slots between two times, by day, each as its ISO start in UTC; none lies in the past. */
export function listFreeSlots(
  sim: Simulation,
  calendar: Calendar,
  fromMs: number,
  toMs: number,
): Record<string, { slots: string[] }> {
  const stepMs = calendar.slotDuration * 60_000;
  const days: Record<string, { slots: string[] }> = {};
  for (let dayStartMs = Math.floor(fromMs / dayMs) * dayMs; dayStartMs <= toMs; dayStartMs += dayMs) {
    const closesMs = dayStartMs + calendar.openHours.toHour * hourMs;
    const slots: string[] = [];
    for (let atMs = dayStartMs + calendar.openHours.fromHour * hourMs; atMs + stepMs <= closesMs; atMs += stepMs) {
      const isWanted = atMs >= fromMs && atMs <= toMs && atMs > sim.clock.nowMs();
      if (isWanted && !isTaken(sim, calendar, atMs, atMs + stepMs)) slots.push(new Date(atMs).toISOString());
    }
    if (slots.length > 0) days[new Date(dayStartMs).toISOString().slice(0, 10)] = { slots };
  }
  return days;
}

/** Tells whether an appointment of the calendar that still stands lies in the span. */
export function isTaken(sim: Simulation, calendar: Calendar, fromMs: number, toMs: number): boolean {
  return sim.world.appointments
    .listBy('locationId', calendar.locationId)
    .some(
      (appointment) =>
        appointment.calendarId === calendar.id &&
        appointment.appointmentStatus !== 'cancelled' &&
        Date.parse(appointment.startTime) < toMs &&
        Date.parse(appointment.endTime) > fromMs,
    );
}
