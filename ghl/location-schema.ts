import { z } from 'zod';
import { looseFlag, looseText } from './loose-fields.ts';

export const locationSchema = z.object({
  id: z.string().min(1),
  companyId: looseText,
  name: looseText,
  timezone: looseText,
  country: looseText,
  state: looseText,
  city: looseText,
  postalCode: looseText,
  settings: z
    .object({ allowDuplicateContact: looseFlag, allowDuplicateOpportunity: looseFlag })
    .nullish()
    .catch(null)
    .transform((settings) => settings ?? { allowDuplicateContact: null, allowDuplicateOpportunity: null }),
});
export type GhlLocation = z.output<typeof locationSchema>;

export const installedLocationSchema = z.object({
  _id: z.string().min(1),
  name: looseText,
  isInstalled: looseFlag,
});
