import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { getAppointment, listCalendarEvents, listCalendars } from '../../ghl/calendars.ts';
import { listWorkflows } from '../../ghl/workflows.ts';
import { here, many, neighbour, openResourceWorld } from './resource-world.ts';
import type { ResourceWorld } from './resource-world.ts';

let world: ResourceWorld;
beforeEach(async () => {
  world = await openResourceWorld();
  await world.control.seed({
    contacts: [{ id: 'ann', locationId: 'loc1' }],
    calendars: [
      { id: 'cal1', locationId: 'loc1', name: 'Visits' },
      { id: 'cal2', locationId: 'loc2', name: 'Other' },
    ],
    appointments: many(3, (index) => ({
      id: `a${index}`,
      locationId: 'loc1',
      calendarId: 'cal1',
      contactId: 'ann',
      assignedUserId: index === 0 ? 'user1' : 'user2',
      startTime: `2026-03-0${index + 1}T10:00:00.000Z`,
      endTime: `2026-03-0${index + 1}T10:30:00.000Z`,
    })),
    workflows: [
      { id: 'w1', locationId: 'loc1', name: 'Welcome' },
      { id: 'w2', locationId: 'loc2', name: 'Other', status: 'draft' },
    ],
  });
});
afterEach(() => world.close());

describe('the calendars of a location', () => {
  it('are its own', async () => {
    expect(await listCalendars(world.ghl, here)).toEqual([
      { id: 'cal1', name: 'Visits', groupId: null, isActive: true },
    ]);
    expect(await listCalendars(world.ghl, neighbour)).toMatchObject([{ id: 'cal2' }]);
  });

  it('have events within a span, of one calendar or one user', async () => {
    const span = { from: new Date('2026-03-01T00:00:00Z'), to: new Date('2026-03-02T23:00:00Z') };
    const ofCalendar = await listCalendarEvents(world.ghl, here, { calendarId: 'cal1', ...span });
    expect(ofCalendar.map(({ id }) => id)).toEqual(['a0', 'a1']);
    const ofUser = await listCalendarEvents(world.ghl, here, { userId: 'user1', ...span });
    expect(ofUser).toMatchObject([{ id: 'a0', contactId: 'ann', startTime: '2026-03-01T10:00:00.000Z' }]);
  });

  it('have appointments that only their location reads', async () => {
    expect(await getAppointment(world.ghl, here, 'a1')).toMatchObject({ appointmentStatus: 'confirmed' });
    const refused = getAppointment(world.ghl, neighbour, 'a1');
    await expect(refused).rejects.toMatchObject({ code: 'GhlForbidden', reason: 'wrong-tenant' });
    await world.control.deleteAppointment('a1');
    await expect(getAppointment(world.ghl, here, 'a1')).rejects.toMatchObject({ code: 'GhlNotFound' });
  });
});

describe("GHL's automations in a location", () => {
  it('are listed', async () => {
    expect(await listWorkflows(world.ghl, here)).toEqual([{ id: 'w1', name: 'Welcome', status: 'published' }]);
    expect(await listWorkflows(world.ghl, neighbour)).toMatchObject([{ id: 'w2', status: 'draft' }]);
  });
});
