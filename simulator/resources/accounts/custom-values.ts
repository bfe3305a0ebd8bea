import { z } from 'zod';
import { ok } from '../../http/reply.ts';
import type { Call, Route } from '../../http/route.ts';
import { validate } from '../../http/validate.ts';
import type { Simulation } from '../../simulation.ts';
import type { CustomValue } from '../../world/account-records.ts';
import { keyName } from './key-name.ts';
import { getOwned, getPathLocation } from './owned.ts';

const valueSchema = z.strictObject({ name: z.string().min(1), value: z.string() });
const read = { access: 'location', scope: 'locations/customValues.readonly' } as const;
const write = { access: 'location', scope: 'locations/customValues.write' } as const;
const collection = '/locations/:locationId/customValues';
const single = `${collection}/:valueId`;

/** There is no call that writes several values at once. */
export const customValueRoutes: Route[] = [
  {
    ...read,
    method: 'get',
    path: collection,
    handle: (call) => ok({ customValues: call.sim.world.customValues.listBy('locationId', getPathLocation(call).id) }),
  },
  {
    ...write,
    method: 'post',
    path: collection,
    handle(call) {
      const { name, value } = validate(valueSchema, call.body);
      return ok({ customValue: addCustomValue(call.sim, getPathLocation(call).id, name, value) }, 201);
    },
  },
  { ...read, method: 'get', path: single, handle: (call) => ok({ customValue: getValue(call) }) },
  {
    ...write,
    method: 'put',
    path: single,
    handle(call) {
      const { name, value } = validate(valueSchema, call.body);
      const customValue = { ...getValue(call), name, value };
      call.sim.world.customValues.set(customValue.id, customValue);
      return ok({ customValue });
    },
  },
  {
    ...write,
    method: 'delete',
    path: single,
    handle(call) {
      call.sim.world.customValues.delete(getValue(call).id);
      return ok({ succeded: true });
    },
  },
];

/** Adds a custom value to a location and returns it. */
export function addCustomValue(sim: Simulation, locationId: string, name: string, value: string): CustomValue {
  const fieldKey = `{{ custom_values.${keyName(name)} }}`;
  const customValue = { id: sim.random.id(), locationId, name, fieldKey, value };
  sim.world.customValues.set(customValue.id, customValue);
  return customValue;
}

function getValue(call: Call): CustomValue {
  const { id } = getPathLocation(call);
  return getOwned(call.sim.world.customValues.get(call.params['valueId'] ?? ''), id, 'Custom value');
}
