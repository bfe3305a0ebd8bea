import { z } from 'zod';
import { ok } from '../../http/reply.ts';
import type { Call, Route } from '../../http/route.ts';
import { validate } from '../../http/validate.ts';
import { invoiceStatusSchema } from '../../world/business-records.ts';
import type { Invoice } from '../../world/business-records.ts';
import { getOwned } from '../accounts/owned.ts';
import { getCallLocation } from '../lookup.ts';
import { payInvoice, viewInvoice } from './invoice-writes.ts';

const text = z.string().optional();
const owner = { altId: z.string().min(1), altType: z.literal('location') };
const listSchema = z.strictObject({
  ...owner,
  limit: z.coerce.number().int().min(1).max(100),
  offset: z.coerce.number().int().min(0),
  status: invoiceStatusSchema.optional(),
  startAt: text,
  endAt: text,
  search: text,
  contactId: text,
  paymentMode: z.enum(['default', 'live', 'test']).optional(),
  sortField: z.literal('issueDate').optional(),
  sortOrder: z.enum(['ascend', 'descend']).default('descend'),
});
const paymentSchema = z.strictObject({
  ...owner,
  mode: z.enum(['cash', 'card', 'cheque', 'bank_transfer', 'other']),
  card: z.strictObject({ brand: z.string(), last4: z.string() }).optional(),
  cheque: z.strictObject({ number: z.string() }).optional(),
  notes: text,
  amount: z.number().positive().optional(),
  meta: z.unknown().optional(),
  paymentScheduleIds: z.array(z.string()).optional(),
  fulfilledAt: text,
});

const read = { access: 'any', scope: 'invoices.readonly', method: 'get' } as const;

export const invoiceRoutes: Route[] = [
  {
    ...read,
    path: '/invoices/',
    handle(call) {
      const wanted = validate(listSchema, call.query);
      const { id } = getCallLocation(call, wanted.altId);
      const sign = wanted.sortOrder === 'ascend' ? 1 : -1;
      const found = call.sim.world.invoices
        .listBy('locationId', id)
        .filter(
          (invoice) =>
            (!wanted.status || invoice.status === wanted.status) &&
            (!wanted.contactId || invoice.contactId === wanted.contactId) &&
            (!wanted.startAt || invoice.createdAt.slice(0, 10) >= wanted.startAt.slice(0, 10)) &&
            (!wanted.endAt || invoice.createdAt.slice(0, 10) <= wanted.endAt.slice(0, 10)),
        )
        .sort((a, b) => sign * a.createdAt.localeCompare(b.createdAt));
      const page = found.slice(wanted.offset, wanted.offset + wanted.limit);
      return ok({ invoices: page.map((invoice) => viewInvoice(call.sim, invoice)), total: found.length });
    },
  },
  {
    ...read,
    path: '/invoices/:invoiceId',
    handle(call) {
      const { altId } = validate(z.strictObject(owner), call.query);
      return ok(viewInvoice(call.sim, getOwn(call, altId)));
    },
  },
  {
    access: 'any',
    scope: 'invoices.write',
    method: 'post',
    path: '/invoices/:invoiceId/record-payment',
    handle(call) {
      const { altId, amount } = validate(paymentSchema, call.body);
      const invoice = payInvoice(call.sim, getOwn(call, altId), amount);
      return ok({ success: true, invoice: viewInvoice(call.sim, invoice) });
    },
  },
];

function getOwn(call: Call, altId: string): Invoice {
  const { id } = getCallLocation(call, altId);
  return getOwned(call.sim.world.invoices.get(call.params['invoiceId'] ?? ''), id, 'Invoice');
}
