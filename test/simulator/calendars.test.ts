import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitToPass } from '../stack/wait.ts';
import { inner, one, rows, startHarness, two } from './harness.ts';
import type { Answer, Harness } from './harness.ts';
import { startReceiver } from './receiver.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
  await harness.control.seed({
    contacts: [
      { id: 'ann', locationId: one, firstName: 'Ann' },
      { id: 'eve', locationId: two, firstName: 'Eve' },
    ],
    calendars: [
      { id: 'calendar-1', locationId: one, name: 'Visits', slotDuration: 60, teamMembers: [{ userId: 'user-1' }] },
    ],
  });
});
afterEach(() => harness.simulator.close());

/** A day that is not over whenever this runs. */
const day = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10);
const at = (hour: number): string => `${day}T${String(hour).padStart(2, '0')}:00:00.000Z`;
const dayStartMs = Date.parse(`${day}T00:00:00Z`);
const span = `startDate=${dayStartMs}&endDate=${dayStartMs + 86_399_999}`;

const freeSlots = async (): Promise<unknown[]> => {
  const answer = await harness.ask('GET', `/calendars/calendar-1/free-slots?${span}`);
  return rows(inner(answer.body, day), 'slots');
};
const book = (change: object = {}): Promise<Answer> =>
  harness.ask('POST', '/calendars/events/appointments', {
    body: { calendarId: 'calendar-1', locationId: one, contactId: 'ann', startTime: at(10), ...change },
  });
const events = (query: string): Promise<Answer> =>
  harness.ask(
    'GET',
    `/calendars/events?locationId=${one}&startTime=${dayStartMs}&endTime=${dayStartMs + 86_399_999}${query}`,
  );

describe('calendars', () => {
  it('offer what is free, for 31 days at most', async () => {
    const calendar = inner((await harness.ask('GET', '/calendars/calendar-1')).body, 'calendar');
    expect(calendar['openHours']).toMatchObject([{ hours: [{ openHour: 9, closeHour: 17 }] }]);
    expect(await freeSlots()).toHaveLength(8);
    await book();
    expect(await freeSlots()).not.toContain(at(10));
    const long = `startDate=${dayStartMs}&endDate=${dayStartMs + 32 * 86_400_000}`;
    expect((await harness.ask('GET', `/calendars/calendar-1/free-slots?${long}`)).status).toBe(422);
    const theirs = await harness.ask('GET', `/calendars/calendar-1/free-slots?${span}`, { token: 'location-2-token' });
    expect(theirs.status).toBe(403);
  });

  it('take no second appointment for a time, unless told to ignore that', async () => {
    const first = await book();
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({ assignedUserId: 'user-1', endTime: at(11), appointmentStatus: 'confirmed' });
    expect(first.body).not.toHaveProperty('dateAdded');
    expect((await book()).body['message']).toBe('The slot you have selected is no longer available.');
    expect((await book({ ignoreFreeSlotValidation: true })).status).toBe(201);
    expect((await book({ startTime: at(14), contactId: 'eve' })).status).toBe(400);
  });

  it('list appointments of a span by owner, and of a contact', async () => {
    await book();
    expect((await events('')).status).toBe(422);
    expect(rows((await events('&userId=user-1')).body, 'events')).toHaveLength(1);
    expect(rows((await events('&calendarId=other')).body, 'events')).toEqual([]);
    expect(rows((await harness.ask('GET', '/contacts/ann/appointments')).body, 'events')).toHaveLength(1);
  });

  it('announce bookings one level deeper than other events, and note them in the conversation', async () => {
    await harness.control.receiveMessage({ contactId: 'ann', message: 'Can you come?' });
    const receiver = await startReceiver();
    await harness.control.setWebhooks({ url: receiver.url, concurrency: 1 });
    const { id } = await harness.control.bookAppointment({
      calendarId: 'calendar-1',
      contactId: 'ann',
      startTime: at(12),
    });
    await harness.control.changeAppointment(id, { appointmentStatus: 'cancelled' });
    await harness.control.deleteAppointment(id);
    await waitToPass(() => {
      expect(receiver.types()).toEqual(['AppointmentCreate', 'AppointmentUpdate', 'AppointmentDelete']);
    });
    expect(receiver.received[1]?.json).toMatchObject({
      locationId: one,
      appointment: { id, contactId: 'ann', appointmentStatus: 'cancelled', users: ['user-1'] },
    });
    expect(receiver.received[0]?.json).not.toHaveProperty('id');
    const exported = await harness.ask('GET', `/conversations/messages/export?locationId=${one}`);
    expect(rows(exported.body, 'messages').map((message) => message['messageType'])).toContain(
      'TYPE_ACTIVITY_APPOINTMENT',
    );
    await receiver.close();
  });
});
