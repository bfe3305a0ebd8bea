import { z } from 'zod';
import { ok } from '../../http/reply.ts';
import type { Route } from '../../http/route.ts';
import { validate } from '../../http/validate.ts';
import { getPathLocation } from './owned.ts';

const count = z.coerce.number().int().min(0);
const templateSchema = z.strictObject({
  originId: z.string().min(1),
  type: z.enum(['sms', 'email', 'whatsapp']).optional(),
  deleted: z.string().optional(),
  skip: count.default(0),
  limit: count.max(100).default(25),
});
const taskSchema = z.strictObject({
  contactId: z.array(z.string()).optional(),
  assignedTo: z.array(z.string()).optional(),
  completed: z.boolean().optional(),
  query: z.string().optional(),
  businessId: z.string().optional(),
  skip: z.number().int().min(0).default(0),
  limit: z.number().int().min(1).max(1000).default(25),
});

/** What a location has that is only listed: templates, and the tasks of all its contacts. */
export const locationListRoutes: Route[] = [
  {
    access: 'location',
    scope: 'locations/templates.readonly',
    method: 'get',
    path: '/locations/:locationId/templates',
    handle(call) {
      const { type, skip, limit } = validate(templateSchema, call.query);
      const all = call.sim.world.templates.listBy('locationId', getPathLocation(call).id);
      const templates = all.filter((template) => !type || template.type === type);
      return ok({ templates: templates.slice(skip, skip + limit), totalCount: templates.length });
    },
  },
  {
    access: 'location',
    scope: 'locations/tasks.readonly',
    method: 'post',
    path: '/locations/:locationId/tasks/search',
    handle(call) {
      const { contactId, assignedTo, completed, query, skip, limit } = validate(taskSchema, call.body);
      const { id } = getPathLocation(call);
      const tasks = [...call.sim.world.tasks.values()].filter(
        (task) =>
          task.locationId === id &&
          (!contactId || contactId.includes(task.contactId)) &&
          (!assignedTo || assignedTo.includes(task.assignedTo ?? '')) &&
          (completed === undefined || task.completed === completed) &&
          (!query || task.title.toLowerCase().includes(query.toLowerCase())),
      );
      return ok({ tasks: tasks.slice(skip, skip + limit).map((task) => ({ _id: task.id, ...task })) });
    },
  },
];
