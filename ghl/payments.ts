import type { GhlCalls, LocationCall } from './calls.ts';
import type { Page } from './page.ts';
import { pageByOffset } from './page.ts';
import type { GhlInvoice, GhlOrder, GhlSubscription, GhlTransaction } from './payment-schema.ts';

/**
 * Which money records to list, newest first, at most 100 in a page. Pages go by offset, and sales made meanwhile push
 * the rest along, so a reader of all of them takes each id once and names the last day. Days are
 * written `YYYY-MM-DD`; both are included.
 */
export interface MoneySearch {
  limit: number;
  contactId?: string;
  firstDay?: string;
  lastDay?: string;
}

export async function listTransactions(
  ghl: GhlCalls,
  context: LocationCall,
  search: MoneySearch,
  offset = 0,
): Promise<Page<GhlTransaction, number> & { total: number | null }> {
  const answer = await ghl.call('listTransactions', { ...context, query: queryOf(context, search, offset) });
  return { ...pageByOffset(answer.data, offset, search.limit), total: answer.totalCount };
}

export async function listOrders(
  ghl: GhlCalls,
  context: LocationCall,
  search: MoneySearch,
  offset = 0,
): Promise<Page<GhlOrder, number>> {
  const answer = await ghl.call('listOrders', { ...context, query: queryOf(context, search, offset) });
  return pageByOffset(answer.data, offset, search.limit);
}

export async function listSubscriptions(
  ghl: GhlCalls,
  context: LocationCall,
  search: MoneySearch,
  offset = 0,
): Promise<Page<GhlSubscription, number>> {
  const answer = await ghl.call('listSubscriptions', { ...context, query: queryOf(context, search, offset) });
  return pageByOffset(answer.data, offset, search.limit);
}

export async function listInvoices(
  ghl: GhlCalls,
  context: LocationCall,
  search: MoneySearch,
  offset = 0,
): Promise<Page<GhlInvoice, number>> {
  const answer = await ghl.call('listInvoices', { ...context, query: queryOf(context, search, offset) });
  return pageByOffset(answer.invoices, offset, search.limit);
}

/** Raises GhlNotFoundError for an invoice that has been deleted. */
export async function getInvoice(ghl: GhlCalls, context: LocationCall, invoiceId: string): Promise<GhlInvoice> {
  return ghl.call('getInvoice', { ...context, path: { invoiceId }, query: ownerOf(context) });
}

/** These endpoints name the location in their own way. */
const ownerOf = ({ resource }: LocationCall) => ({ altId: resource.ghlLocationId, altType: 'location' });

const queryOf = (context: LocationCall, search: MoneySearch, offset: number) => ({
  ...ownerOf(context),
  contactId: search.contactId,
  startAt: search.firstDay,
  endAt: search.lastDay,
  limit: String(search.limit),
  offset: String(offset),
});
