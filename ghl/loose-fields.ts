import { z } from 'zod';

/*
 * GHL's schemas are often wrong and its answers vary: a field we can live without must not cost us the whole answer.
 * Such a field is null when it is missing, blank or of an unexpected type.
 */
export const looseText = z
  .union([z.string(), z.number().transform(String)])
  .nullish()
  .catch(null)
  .transform((value) => (value === undefined || value === null || value.trim() === '' ? null : value));

export const looseNumber = z
  .number()
  .nullish()
  .catch(null)
  .transform((value) => value ?? null);

export const looseFlag = z
  .boolean()
  .nullish()
  .catch(null)
  .transform((value) => value ?? null);

export const looseTexts = z
  .array(z.string())
  .nullish()
  .catch([])
  .transform((value) => value ?? []);
