import { z } from 'zod';
import { checkCompany } from '../http/access.ts';
import { ok, plainRefusal, ReplyError } from '../http/reply.ts';
import type { Call, Route } from '../http/route.ts';
import { validate } from '../http/validate.ts';
import { locationCreateSchema, locationUpdateSchema } from './accounts/location-input.ts';
import { viewLocation } from './accounts/location-view.ts';
import { createLocation, updateLocation } from './accounts/location-writes.ts';
import { getCallLocation } from './lookup.ts';

const searchSchema = z.strictObject({
  companyId: z.string().optional(),
  skip: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(100).default(10),
  order: z.enum(['asc', 'desc']).default('asc'),
  email: z.string().optional(),
});

const write = { access: 'agency', scope: 'locations.write' } as const;
const single = '/locations/:locationId';

export const locationRoutes: Route[] = [
  {
    access: 'agency',
    scope: 'locations.readonly',
    method: 'get',
    path: '/locations/search',
    handle(call) {
      const { companyId, skip, limit, order, email } = validate(searchSchema, call.query);
      if (companyId) checkCompany(call, companyId);
      const wanted = email?.toLowerCase();
      const found = [...call.sim.world.locations.values()]
        .filter((location) => location.companyId === call.token.companyId)
        .filter((location) => !wanted || location.email?.toLowerCase() === wanted)
        .sort((a, b) => (order === 'asc' ? 1 : -1) * a.name.localeCompare(b.name));
      return ok({ locations: found.slice(skip, skip + limit).map(viewLocation) });
    },
  },
  {
    access: 'any',
    scope: 'locations.readonly',
    method: 'get',
    path: single,
    handle: (call) => ok({ location: viewLocation(getCallLocation(call, call.params['locationId'] ?? '')) }),
  },
  {
    ...write,
    method: 'post',
    path: '/locations/',
    handle(call) {
      const body = readNewLocation(call);
      checkCompany(call, body.companyId);
      // The location stands at the top of the answer here, and under `location` where it is read.
      return ok(viewLocation(createLocation(call.sim, body)), call.sim.behaviour.locationCreatedStatus);
    },
  },
  {
    ...write,
    method: 'put',
    path: single,
    handle(call) {
      const body = validate(locationUpdateSchema, call.body);
      checkCompany(call, body.companyId);
      const location = getCallLocation(call, call.params['locationId'] ?? '');
      return ok(viewLocation(updateLocation(call.sim, location, body)));
    },
  },
  {
    access: 'agency',
    // No app is ever given this scope: locations are deleted by hand.
    scope: 'locations.internal-access-only',
    method: 'delete',
    path: single,
    handle() {
      throw plainRefusal(401, 'The token is not authorized for this scope.');
    },
  },
  {
    access: 'any',
    scope: 'locations.readonly',
    method: 'get',
    path: `${single}/timezones`,
    handle(call) {
      getCallLocation(call, call.params['locationId'] ?? '');
      return ok({ timezones: Intl.supportedValuesOf('timeZone') });
    },
  },
];

function readNewLocation(call: Call): z.output<typeof locationCreateSchema> {
  try {
    return validate(locationCreateSchema, call.body);
  } catch (error) {
    const asUnauthorized = call.sim.behaviour.locationInvalidStatus === 401 && error instanceof ReplyError;
    throw asUnauthorized ? plainRefusal(401, 'Unauthorized') : error;
  }
}
