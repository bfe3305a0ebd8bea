import { z } from 'zod';
import { looseFlag, looseText } from './loose-fields.ts';

export const installationDetailsSchema = z.object({
  companyId: z.string().min(1),
  locationId: looseText,
  companyName: looseText,
  userId: looseText,
  isWhitelabelCompany: looseFlag,
  marketplaceAppPlanId: looseText,
});
export type GhlInstallation = z.output<typeof installationDetailsSchema>;
