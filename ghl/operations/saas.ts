import { z } from 'zod';
import * as saasSchema from '../saas-schema.ts';
import { create, inGroup, read } from './endpoint-groups.ts';

const saas = inGroup('saas');

export const saasOperations = {
  getSaasSubscription: {
    ...saas,
    ...read,
    path: '/saas/get-saas-subscription/:ghlLocationId',
    response: saasSchema.saasSubscriptionSchema,
  },
  enableSaas: {
    ...saas,
    ...create,
    path: '/saas/enable-saas/:ghlLocationId',
    body: saasSchema.saasEnableBodySchema,
    response: saasSchema.saasEnabledSchema,
  },
  setSaasPaused: {
    ...saas,
    ...create,
    path: '/saas/pause/:ghlLocationId',
    body: saasSchema.saasPauseBodySchema,
    // No schema is published; integrators see `true`.
    response: z.unknown(),
  },
  setRebilling: {
    ...saas,
    ...create,
    path: '/saas/update-rebilling/:ghlCompanyId',
    body: saasSchema.rebillingBodySchema,
    response: z.object({ success: z.literal(true) }),
  },
} as const;
