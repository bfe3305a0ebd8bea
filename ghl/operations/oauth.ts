import { z } from 'zod';
import { installedLocationSchema } from '../location-schema.ts';
import { looseNumber } from '../loose-fields.ts';
import * as oauth from '../oauth-schema.ts';
import { inGroup, read, timeoutsMs } from './endpoint-groups.ts';

const form = { ...inGroup('oauth'), encoding: 'form' } as const;

export const oauthOperations = {
  requestToken: {
    ...form,
    method: 'POST',
    effect: 'write',
    timeoutMs: timeoutsMs.refresh,
    path: '/oauth/token',
    body: oauth.tokenBodySchema,
    response: oauth.tokenResponseSchema,
  },
  mintLocationToken: {
    ...form,
    method: 'POST',
    // Minting rotates nothing: a lost answer costs a second call and no doubt.
    effect: 'read',
    timeoutMs: timeoutsMs.read,
    path: '/oauth/locationToken',
    body: oauth.locationTokenBodySchema,
    response: oauth.locationTokenResponseSchema,
  },
  listInstalledLocations: {
    ...form,
    ...read,
    path: '/oauth/installedLocations',
    response: z.object({ locations: z.array(installedLocationSchema), count: looseNumber }),
  },
} as const;
