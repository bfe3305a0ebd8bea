import { z } from 'zod';
import { ok, plainRefusal } from '../../http/reply.ts';
import type { Call, Route } from '../../http/route.ts';
import { validate } from '../../http/validate.ts';
import { customFieldTypeSchema } from '../../world/account-records.ts';
import type { CustomFieldDefinition } from '../../world/account-records.ts';
import { addCustomField, findCustomField, keyOf } from './custom-field-writes.ts';
import { getOwned, getPathLocation } from './owned.ts';

const model = z.enum(['contact', 'opportunity']);
const shared = {
  placeholder: z.string().optional(),
  acceptedFormat: z.array(z.string()).optional(),
  isMultipleFile: z.boolean().optional(),
  maxNumberOfFiles: z.number().int().optional(),
  /** What can be chosen, for types that let choose. */
  options: z.array(z.string()).optional(),
  textBoxListOptions: z.array(z.unknown()).optional(),
  position: z.number().int().optional(),
  model: model.optional(),
};
const createSchema = z.strictObject({ name: z.string().min(1), dataType: customFieldTypeSchema, ...shared });
const updateSchema = z.strictObject({ name: z.string().min(1), ...shared });
const listSchema = z.strictObject({ model: z.enum(['contact', 'opportunity', 'all']).default('contact') });

const read = { access: 'location', scope: 'locations/customFields.readonly' } as const;
const write = { access: 'location', scope: 'locations/customFields.write' } as const;
const collection = '/locations/:locationId/customFields';
const single = `${collection}/:idOrKey`;

export const customFieldRoutes: Route[] = [
  {
    ...read,
    method: 'get',
    path: collection,
    handle(call) {
      const wanted = validate(listSchema, call.query).model;
      const all = call.sim.world.customFields.listBy('locationId', getPathLocation(call).id);
      return ok({ customFields: all.filter((field) => wanted === 'all' || field.model === wanted) });
    },
  },
  {
    ...write,
    method: 'post',
    path: collection,
    handle(call) {
      const { name, dataType, ...rest } = validate(createSchema, call.body);
      const { id: locationId } = getPathLocation(call);
      const fieldKey = keyOf(rest.model ?? 'contact', name);
      if (findCustomField(call.sim, locationId, fieldKey)) {
        throw plainRefusal(400, `Custom field with key ${fieldKey} already exists`);
      }
      const field = addCustomField(call.sim, locationId, {
        name,
        dataType,
        model: rest.model ?? 'contact',
        picklistOptions: rest.options,
        placeholder: rest.placeholder,
        position: rest.position,
      });
      return ok({ customField: field }, 201);
    },
  },
  { ...read, method: 'get', path: single, handle: (call) => ok({ customField: getField(call) }) },
  {
    ...write,
    method: 'put',
    path: single,
    handle(call) {
      const { name, options, placeholder, position } = validate(updateSchema, call.body);
      const before = getField(call);
      // The key stays what it was when the field was made.
      const field: CustomFieldDefinition = {
        ...before,
        name,
        placeholder: placeholder ?? before.placeholder,
        position: position ?? before.position,
        ...(options ? { picklistOptions: options } : {}),
      };
      call.sim.world.customFields.set(field.id, field);
      return ok({ customField: field });
    },
  },
  {
    ...write,
    method: 'delete',
    path: single,
    handle(call) {
      call.sim.world.customFields.delete(getField(call).id);
      return ok({ succeded: true });
    },
  },
];

function getField(call: Call): CustomFieldDefinition {
  const { id } = getPathLocation(call);
  return getOwned(findCustomField(call.sim, id, call.params['idOrKey'] ?? ''), id, 'Custom field');
}
