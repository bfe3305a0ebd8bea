import { z } from 'zod';
import { checkCompany } from '../http/access.ts';
import { ok, plainRefusal } from '../http/reply.ts';
import type { Route } from '../http/route.ts';
import { validate } from '../http/validate.ts';
import { getCallLocation } from '../resources/lookup.ts';
import { appIdOf, installKey } from '../world/world.ts';
import { issuePair } from './issue.ts';
import { answerTokenRequest } from './token.ts';

const locationTokenSchema = z.strictObject({ companyId: z.string().min(1), locationId: z.string().min(1) });

const installedSchema = z.strictObject({
  companyId: z.string().min(1),
  appId: z.string().min(1),
  skip: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  query: z.string().optional(),
  isInstalled: z.enum(['true', 'false']).optional(),
  versionId: z.string().optional(),
  onTrial: z.string().optional(),
  planId: z.string().optional(),
  locationId: z.string().optional(),
});

export const oauthRoutes: Route[] = [
  { open: true, method: 'post', path: '/oauth/token', handle: answerTokenRequest },
  {
    access: 'agency-oauth',
    scope: 'oauth.write',
    method: 'post',
    path: '/oauth/locationToken',
    handle(call) {
      const { companyId, locationId } = validate(locationTokenSchema, call.body);
      checkCompany(call, companyId);
      const location = getCallLocation(call, locationId);
      const { clientId, scopes } = call.token;
      if (!call.sim.world.installs.has(installKey(clientId, locationId))) {
        throw plainRefusal(400, 'App is not installed on this location');
      }
      if (!location.active) throw plainRefusal(400, 'Location is not active');
      // The minted token carries these two besides the app's own scopes.
      const minted = scopes && [...new Set([...scopes, 'oauth.readonly', 'oauth.write'])];
      const authority = { class: 'Location', clientId, companyId, locationId, scopes: minted } as const;
      const appId = appIdOf(clientId);
      const versionId = call.sim.world.apps.get(clientId)?.versionId ?? appId;
      return ok({ ...issuePair(call.sim, authority, 86_400), appId, versionId }, 201);
    },
  },
  {
    access: 'agency-oauth',
    scope: 'oauth.readonly',
    method: 'get',
    path: '/oauth/installedLocations',
    handle(call) {
      const { companyId, appId, skip, limit, query, isInstalled, locationId } = validate(installedSchema, call.query);
      checkCompany(call, companyId);
      const { installs, locations } = call.sim.world;
      const found = [...locations.values()]
        .filter((location) => location.companyId === companyId)
        .map((location) => ({ location, install: installs.get(installKey(call.token.clientId, location.id)) }))
        .filter(
          ({ location, install }) =>
            appIdOf(call.token.clientId) === appId &&
            (!locationId || location.id === locationId) &&
            (!query || location.name.toLowerCase().includes(query.toLowerCase())) &&
            (isInstalled === undefined || (isInstalled === 'true') === (install !== undefined)),
        );
      const page = found.slice(skip, skip + limit).map(({ location, install }) => ({
        _id: location.id,
        name: location.name,
        address: location.address ?? '',
        isInstalled: install !== undefined,
        ...(install ? { installedAt: install.installedAt, versionId: appId } : {}),
      }));
      return ok({ locations: page, count: found.length, installToFutureLocations: true });
    },
  },
];
