import { z } from 'zod';
import { MAPPED_TYPES } from './field-mapping.ts';

/** A name of ours for a field: as programs spell names. */
export const mappedNameSchema = z
  .string()
  .regex(
    /^[a-z][A-Za-z0-9_]{0,59}$/,
    'wanted is a name such as favouriteColour: a small letter, then letters, digits and _',
  );

/** What may be said of the field beside its name. */
export const mappedFieldShape = {
  type: z.enum(MAPPED_TYPES),
  field: z.string().trim().min(1).max(200).exactOptional(),
  options: z.array(z.string().trim().min(1).max(200)).max(200).default([]),
  create: z.boolean().default(false),
};

/** A `MappingRequest` as it comes from outside. */
export const mappingRequestSchema = z.strictObject({ name: mappedNameSchema, ...mappedFieldShape });
