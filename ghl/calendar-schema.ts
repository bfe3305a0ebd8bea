import { z } from 'zod';
import { looseFlag, looseText } from './loose-fields.ts';

const id = z.string().min(1);

export const calendarSchema = z.object({ id, name: looseText, groupId: looseText, isActive: looseFlag });
export type GhlCalendar = z.output<typeof calendarSchema>;

export const calendarEventSchema = z.object({
  id,
  calendarId: looseText,
  contactId: looseText,
  groupId: looseText,
  title: looseText,
  /** new, confirmed, cancelled, showed, noshow or invalid. */
  appointmentStatus: looseText,
  assignedUserId: looseText,
  startTime: looseText,
  endTime: looseText,
  dateAdded: looseText,
  dateUpdated: looseText,
});
export type GhlCalendarEvent = z.output<typeof calendarEventSchema>;
