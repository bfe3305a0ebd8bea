import type { GhlCalls, LocationCall } from '../ghl/calls.ts';
import type { GhlTask } from '../ghl/contact-schema.ts';
import { createTask, listTasks, setTaskCompleted } from '../ghl/contacts.ts';

interface RepNotice {
  /** Where the rep works and which contact the lead is there. */
  call: LocationCall;
  ghlContactId: string;
  ghlUserId: string;
  /** Makes the notice recognisable, so that a repeated activity does not send a second one. */
  marker: string;
  dueAt: Date;
  /** Whether an earlier attempt may have gone through. */
  mayBeRepeat: boolean;
}

/** A way of telling a rep about a lead. More ways (e-mail, outgoing webhooks) stand beside the GHL task. */
export interface RepNotifier {
  /** Tells the rep once. @returns the id of what was sent, and the task where it is one @throws GhlError */
  notify(notice: RepNotice): Promise<{ noticeId: string; task?: GhlTask }>;
  /** Takes a notice back, because the lead is not theirs any more. Repeatable. @throws GhlError */
  takeBack(notice: { call: LocationCall; ghlContactId: string; noticeId: string }): Promise<void>;
}

/** Tells the rep by a task on the contact: it is in their list and, where they have switched that on, in their e-mail. */
export function createGhlTaskNotifier(ghl: GhlCalls): RepNotifier {
  return {
    async notify({ call, ghlContactId, ghlUserId, marker, dueAt, mayBeRepeat }) {
      if (mayBeRepeat) {
        const earlier = (await listTasks(ghl, call, ghlContactId)).find((task) => task.body?.includes(marker));
        if (earlier) return { noticeId: earlier.id, task: earlier };
      }
      const task = await createTask(ghl, call, ghlContactId, {
        title: 'New lead: please get in touch',
        body: `This lead is yours. The note on the contact says why. ${marker}`,
        dueDate: dueAt,
        assignedTo: ghlUserId,
      });
      return { noticeId: task.id, task };
    },

    takeBack: ({ call, ghlContactId, noticeId }) =>
      setTaskCompleted(ghl, call, { contactId: ghlContactId, taskId: noticeId }, true),
  };
}
