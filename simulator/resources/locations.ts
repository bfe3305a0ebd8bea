import { z } from 'zod';
import { checkCompany } from '../http/access.ts';
import { ok } from '../http/reply.ts';
import type { Route } from '../http/route.ts';
import { validate } from '../http/validate.ts';
import type { Location } from '../world/records.ts';
import { getCallLocation } from './lookup.ts';

const searchSchema = z.strictObject({
  companyId: z.string().optional(),
  skip: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(100).default(10),
  order: z.enum(['asc', 'desc']).default('asc'),
  email: z.string().optional(),
});

export const locationRoutes: Route[] = [
  {
    access: 'agency',
    scope: 'locations.readonly',
    method: 'get',
    path: '/locations/search',
    handle(call) {
      const { companyId, skip, limit, order, email } = validate(searchSchema, call.query);
      if (companyId) checkCompany(call, companyId);
      const found = [...call.sim.world.locations.values()]
        .filter((location) => location.companyId === call.token.companyId && (!email || location.email === email))
        .sort((a, b) => (order === 'asc' ? 1 : -1) * a.name.localeCompare(b.name));
      return ok({ locations: found.slice(skip, skip + limit).map(viewLocation) });
    },
  },
  {
    access: 'any',
    scope: 'locations.readonly',
    method: 'get',
    path: '/locations/:locationId',
    handle: (call) => ok({ location: viewLocation(getCallLocation(call, call.params['locationId'] ?? '')) }),
  },
];

/** A location as the API shows it; what only the simulator knows stays out. */
function viewLocation(location: Location): Record<string, unknown> {
  const { rateLimit: _limit, active: _active, settings, ...rest } = location;
  const { allowDuplicateContact, allowDuplicateOpportunity } = settings;
  return {
    ...rest,
    settings: {
      allowDuplicateContact,
      allowDuplicateOpportunity,
      allowFacebookNameMerge: false,
      disableContactTimezone: false,
    },
    business: { name: location.name, timezone: location.timezone, country: location.country },
    social: {},
  };
}
