import { z } from 'zod';
import { looseFlag } from '../loose-fields.ts';
import { installationDetailsSchema } from '../marketplace-schema.ts';
import { inGroup, read, remove } from './endpoint-groups.ts';

const installations = { ...inGroup('marketplace'), path: '/marketplace/app/:appId/installations' } as const;
const id = z.string().min(1);

export const marketplaceOperations = {
  getInstallation: {
    ...installations,
    ...read,
    response: z.object({ installationDetails: installationDetailsSchema }),
  },
  uninstallApp: {
    ...installations,
    ...remove,
    body: z.union([
      z.object({ locationId: id, reason: z.string().optional() }),
      z.object({ companyId: id, reason: z.string().optional() }),
    ]),
    response: z.object({ success: looseFlag }),
  },
} as const;
