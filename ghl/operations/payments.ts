import * as payment from '../payment-schema.ts';
import { inGroup, read } from './endpoint-groups.ts';

const payments = { ...inGroup('payments'), ...read } as const;

/** Reads only: money is moved in GHL, by people. */
export const paymentOperations = {
  listTransactions: { ...payments, path: '/payments/transactions', response: payment.transactionPageSchema },
  listOrders: { ...payments, path: '/payments/orders', response: payment.orderPageSchema },
  listSubscriptions: { ...payments, path: '/payments/subscriptions', response: payment.subscriptionPageSchema },
  listInvoices: { ...payments, path: '/invoices/', response: payment.invoicePageSchema },
  getInvoice: { ...payments, path: '/invoices/:invoiceId', response: payment.invoiceSchema },
} as const;
