import { z } from 'zod';
import { succeededEitherWay } from '../http/api-version.ts';
import { ok, plainRefusal } from '../http/reply.ts';
import type { Call, Route } from '../http/route.ts';
import { validate } from '../http/validate.ts';
import type { Simulation } from '../simulation.ts';
import type { Task } from '../world/records.ts';
import { getCallContact } from './lookup.ts';

const taskInputSchema = z.strictObject({
  title: z.string().min(1),
  body: z.string().nullish(),
  dueDate: z.iso.datetime({ offset: true }),
  completed: z.boolean(),
  assignedTo: z.string().nullish(),
});
const taskChangeSchema = taskInputSchema.partial();
const completedSchema = z.strictObject({ completed: z.boolean() });

const write = { access: 'location', scope: 'contacts.write' } as const;
const read = { access: 'location', scope: 'contacts.readonly' } as const;
const collection = '/contacts/:contactId/tasks';
const single = '/contacts/:contactId/tasks/:taskId';

export const taskRoutes: Route[] = [
  {
    ...read,
    method: 'get',
    path: collection,
    handle(call) {
      const contact = getCallContact(call);
      const tasks = [...call.sim.world.tasks.values()].filter((task) => task.contactId === contact.id);
      return ok({ tasks });
    },
  },
  {
    ...write,
    method: 'post',
    path: collection,
    handle(call) {
      const input = validate(taskInputSchema, call.body);
      const contact = getCallContact(call);
      const task: Task = {
        ...input,
        id: call.sim.random.id(),
        contactId: contact.id,
        locationId: contact.locationId,
        dateAdded: call.sim.clock.now().toISOString(),
      };
      call.sim.world.tasks.set(task.id, task);
      announce(call.sim, 'TaskCreate', task);
      return ok({ task }, 201);
    },
  },
  { ...read, method: 'get', path: single, handle: (call) => ok({ task: getTask(call) }) },
  {
    ...write,
    method: 'put',
    path: single,
    handle: (call) => ok({ task: replaceTask(call, validate(taskChangeSchema, call.body)) }),
  },
  {
    ...write,
    method: 'put',
    path: `${single}/completed`,
    handle: (call) => ok({ task: replaceTask(call, validate(completedSchema, call.body)) }),
  },
  {
    ...write,
    method: 'delete',
    path: single,
    handle(call) {
      const task = getTask(call);
      call.sim.world.tasks.delete(task.id);
      call.sim.changes.noteRemoved('task', [task.id], call.sim.clock.now());
      announce(call.sim, 'TaskDelete', task);
      return ok(succeededEitherWay(call));
    },
  },
];

function getTask(call: Call): Task {
  const contact = getCallContact(call);
  const task = call.sim.world.tasks.get(call.params['taskId'] ?? '');
  if (!task || task.contactId !== contact.id) throw plainRefusal(404, 'Task not found');
  return task;
}

/** There is no TaskUpdate event: only the step to completed is announced. */
function replaceTask(call: Call, input: z.output<typeof taskChangeSchema>): Task {
  const before = getTask(call);
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
  const task: Task = { ...before, ...given };
  call.sim.world.tasks.set(task.id, task);
  if (task.completed && !before.completed) announce(call.sim, 'TaskComplete', task);
  return task;
}

/** Real deliveries lack the documented `contactId` and `body`; a receiver has to look the task up. */
function announce(sim: Simulation, type: string, task: Task): void {
  const companyId = sim.world.locations.get(task.locationId)?.companyId ?? '';
  const { id, title, dueDate, dateAdded } = task;
  const fields = { id, title, dueDate, dateAdded, ...(task.assignedTo ? { assignedTo: task.assignedTo } : {}) };
  sim.emitter.emit({ type, companyId, locationId: task.locationId, fields });
}
