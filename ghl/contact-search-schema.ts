import { z } from 'zod';
import { contactFieldsSchema, maybeDndSettingsSchema, others } from './contact-schema.ts';
import { looseNumber, looseText } from './loose-fields.ts';

/** GHL takes no longer values. */
const value = z.union([z.string().max(75), z.number(), z.boolean()]);
/** Its shape is not published; this one is what integrators send. */
const range = z.object({
  gte: value.optional(),
  lte: value.optional(),
  gt: value.optional(),
  lt: value.optional(),
});

const conditionSchema = z
  .object({
    field: z.union([
      z.enum([
        'id',
        'contactName',
        'firstNameLowerCase',
        'lastNameLowerCase',
        'email',
        'phone',
        'tags',
        'dnd',
        'dateAdded',
        'dateUpdated',
        'assignedTo',
        'source',
        'type',
        'country',
        'city',
        'state',
        'postalCode',
        'companyName',
        'validEmail',
        'website',
      ]),
      z.templateLiteral(['customFields.', z.string().min(1)]),
    ]),
    operator: z.enum(['eq', 'not_eq', 'contains', 'not_contains', 'exists', 'not_exists', 'range']),
    value: z.union([value, z.array(value), range]).optional(),
  })
  .refine(({ field, operator }) => !(operator === 'contains' && (field === 'email' || field === 'website')), {
    error: 'GHL does not look for parts of an e-mail or website',
    path: ['operator'],
  });
type Condition = z.infer<typeof conditionSchema>;

/** A condition, or several joined by AND or OR; those of one list all have to hold. */
export type ContactFilter = Condition | { group: 'AND' | 'OR'; filters: ContactFilter[] };
const filterSchema: z.ZodType<ContactFilter> = z.union([
  conditionSchema,
  z.object({ group: z.enum(['AND', 'OR']), filters: z.array(z.lazy(() => filterSchema)) }),
]);

const cursorSchema = z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])).min(1);
/** The place of one document in the order that was asked for. */
export type ContactCursor = z.infer<typeof cursorSchema>;

/** `page` is left out on purpose: it reaches 10,000 documents only, and may not stand beside `searchAfter`. */
export const contactSearchBodySchema = z.object({
  locationId: z.string().min(1),
  pageLimit: z.number().int().min(1).max(500),
  searchAfter: cursorSchema.optional(),
  filters: z.array(filterSchema).optional(),
  sort: z
    .array(
      z.object({
        field: z.enum(['dateAdded', 'dateUpdated', 'firstNameLowerCase', 'lastNameLowerCase', 'email', 'source']),
        direction: z.enum(['asc', 'desc']),
      }),
    )
    .min(1)
    .max(2),
  query: z.string().max(75).optional(),
});
export type ContactSearch = Omit<z.input<typeof contactSearchBodySchema>, 'locationId' | 'searchAfter' | 'sort'> & {
  sort?: z.input<typeof contactSearchBodySchema>['sort'];
};

const foundContactSchema = contactFieldsSchema.omit({ name: true, firstName: true, lastName: true }).extend({
  contactName: looseText,
  firstNameLowerCase: looseText,
  lastNameLowerCase: looseText,
  dateUpdated: looseText,
  /** Null where the document has none, which says nothing: the contact itself has to be read. */
  dndSettings: maybeDndSettingsSchema,
  additionalEmails: others('email'),
  additionalPhones: others('phone'),
  searchAfter: cursorSchema,
});
export type FoundContact = z.output<typeof foundContactSchema>;

export const contactSearchPageSchema = z.object({ contacts: z.array(foundContactSchema), total: looseNumber });
