import { z } from 'zod';
import { looseNumber, looseText, looseTexts } from './loose-fields.ts';

export const customFieldSchema = z.object({
  id: z.string().min(1),
  name: looseText,
  /** `<model>.<name in snake case>`, as it was when the field was made. */
  fieldKey: looseText,
  dataType: looseText,
  model: looseText,
  position: looseNumber,
  picklistOptions: looseTexts,
});
export type GhlCustomField = z.output<typeof customFieldSchema>;

const fieldFields = {
  name: z.string().min(1),
  placeholder: z.string().optional(),
  /** What can be chosen, for types that let choose. */
  options: z.array(z.string()).optional(),
  position: z.number().int().optional(),
};
export const customFieldCreateBodySchema = z.object({
  ...fieldFields,
  dataType: z.enum([
    'TEXT',
    'LARGE_TEXT',
    'NUMERICAL',
    'PHONE',
    // Spelled so by GHL.
    'MONETORY',
    'CHECKBOX',
    'SINGLE_OPTIONS',
    'MULTIPLE_OPTIONS',
    'FLOAT',
    'TIME',
    'DATE',
    'RADIO',
    'EMAIL',
  ]),
  model: z.enum(['contact', 'opportunity']),
});
export type CustomFieldCreateFields = z.input<typeof customFieldCreateBodySchema>;
export const customFieldUpdateBodySchema = z.object(fieldFields);
export type CustomFieldUpdateFields = z.input<typeof customFieldUpdateBodySchema>;

export const customValueSchema = z.object({
  id: z.string().min(1),
  name: looseText,
  fieldKey: looseText,
  value: looseText,
});
export type GhlCustomValue = z.output<typeof customValueSchema>;
export const customValueBodySchema = z.object({ name: z.string().min(1), value: z.string() });
export type CustomValueFields = z.input<typeof customValueBodySchema>;

export const locationTagSchema = z.object({ id: z.string().min(1), name: z.string() });
export type GhlLocationTag = z.output<typeof locationTagSchema>;
