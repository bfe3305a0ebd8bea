import { z } from 'zod';
import { succeededEitherWay } from '../http/api-version.ts';
import { ok, plainRefusal } from '../http/reply.ts';
import type { Call, Route } from '../http/route.ts';
import { validate } from '../http/validate.ts';
import type { Contact } from '../world/records.ts';
import { getCallContact, getCallLocation } from './lookup.ts';

const enrolSchema = z.strictObject({ eventStartTime: z.iso.datetime({ offset: true }).optional() });
const enrol = {
  access: 'location',
  scope: 'contacts.write',
  path: '/contacts/:contactId/workflow/:workflowId',
} as const;

/** Workflows are made by hand or by a snapshot: the API lists them and puts contacts in and takes them out. */
export const workflowRoutes: Route[] = [
  {
    access: 'location',
    scope: 'workflows.readonly',
    method: 'get',
    path: '/workflows/',
    handle(call) {
      const { locationId } = validate(z.strictObject({ locationId: z.string().min(1) }), call.query);
      getCallLocation(call, locationId);
      return ok({ workflows: call.sim.world.workflows.listBy('locationId', locationId) });
    },
  },
  {
    ...enrol,
    method: 'post',
    handle(call) {
      const { eventStartTime } = validate(enrolSchema, call.body);
      const { contact, workflowId, key } = target(call);
      call.sim.world.enrolments.set(key, {
        id: key,
        locationId: contact.locationId,
        contactId: contact.id,
        workflowId,
        ...(eventStartTime ? { eventStartTime } : {}),
        dateAdded: call.sim.clock.now().toISOString(),
      });
      return ok(succeededEitherWay(call), 201);
    },
  },
  {
    ...enrol,
    method: 'delete',
    handle(call) {
      validate(enrolSchema, call.body);
      call.sim.world.enrolments.delete(target(call).key);
      return ok(succeededEitherWay(call));
    },
  },
];

function target(call: Call): { contact: Contact; workflowId: string; key: string } {
  const contact = getCallContact(call);
  const workflowId = call.params['workflowId'] ?? '';
  if (call.sim.world.workflows.get(workflowId)?.locationId !== contact.locationId) {
    throw plainRefusal(400, `Workflow with id ${workflowId} not found`);
  }
  return { contact, workflowId, key: `${contact.id}/${workflowId}` };
}
