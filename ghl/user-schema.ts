import { z } from 'zod';
import { looseFlag, looseText, looseTexts } from './loose-fields.ts';

export const userSchema = z.object({
  id: z.string().min(1),
  name: looseText,
  firstName: looseText,
  lastName: looseText,
  email: looseText,
  phone: looseText,
  deleted: looseFlag,
  roles: z
    .object({ type: looseText, role: looseText, locationIds: looseTexts })
    .nullish()
    .catch(null)
    .transform((roles) => roles ?? { type: null, role: null, locationIds: [] }),
});
export type GhlUser = z.output<typeof userSchema>;
