import { z } from 'zod';
import { looseFlag, looseNumber, looseText } from './loose-fields.ts';

const id = z.string().min(1);
/** Money is what these reads are for: an amount that is missing or no number is an error and not nothing. */
const amount = z.number();

const moneyFields = {
  _id: id,
  contactId: looseText,
  currency: looseText,
  /** In the main unit of the currency. */
  amount,
  status: looseText,
  liveMode: looseFlag,
  createdAt: looseText,
};
/** Money records have their id under another name than the rest of the API. */
const withId = <T extends { _id: string }>({ _id, ...rest }: T): { id: string } & Omit<T, '_id'> => ({
  id: _id,
  ...rest,
});
const pageOf = <Schema extends z.ZodType>(schema: Schema) =>
  z.object({ data: z.array(schema), totalCount: looseNumber });

const transactionSchema = z
  .object({
    ...moneyFields,
    entityType: looseText,
    entityId: looseText,
    entitySourceType: looseText,
    subscriptionId: looseText,
    chargeId: looseText,
    amountRefunded: looseNumber,
    fulfilledAt: looseText,
  })
  .transform(withId);
export type GhlTransaction = z.output<typeof transactionSchema>;
export const transactionPageSchema = pageOf(transactionSchema);

const orderSchema = z.object({ ...moneyFields, sourceType: looseText, sourceId: looseText }).transform(withId);
export type GhlOrder = z.output<typeof orderSchema>;
export const orderPageSchema = pageOf(orderSchema);

const subscriptionSchema = z
  .object({ ...moneyFields, entityId: looseText, entitySourceType: looseText, subscriptionId: looseText })
  .transform(withId);
export type GhlSubscription = z.output<typeof subscriptionSchema>;
export const subscriptionPageSchema = pageOf(subscriptionSchema);

export const invoiceSchema = z
  .object({
    _id: id,
    name: looseText,
    invoiceNumber: looseText,
    /** draft, sent, payment_processing, paid, void or partially_paid. */
    status: looseText,
    currency: looseText,
    total: amount,
    amountPaid: amount,
    amountDue: amount,
    liveMode: looseFlag,
    createdAt: looseText,
    updatedAt: looseText,
    contactDetails: z.object({ id: looseText }).nullish().catch(null),
  })
  .transform(({ contactDetails, ...rest }) => withId({ ...rest, contactId: contactDetails?.id ?? null }));
export type GhlInvoice = z.output<typeof invoiceSchema>;
export const invoicePageSchema = z.object({ invoices: z.array(invoiceSchema), total: looseNumber });
