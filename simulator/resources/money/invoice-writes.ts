import { plainRefusal } from '../../http/reply.ts';
import type { Simulation } from '../../simulation.ts';
import type { Invoice } from '../../world/business-records.ts';
import type { Contact } from '../../world/records.ts';
import { nameOf } from '../contact-view.ts';
import { noteActivity } from '../messaging/message-writes.ts';

/** Returns the invoice. Raises 404 where it does not exist. */
export function getInvoice(sim: Simulation, invoiceId: string): Invoice {
  const invoice = sim.world.invoices.get(invoiceId);
  if (!invoice) throw plainRefusal(404, 'Invoice not found');
  return invoice;
}

/** Makes a draft for a contact and announces it. */
export function createInvoice(sim: Simulation, contact: Contact, total: number, currency: string): Invoice {
  const now = sim.clock.now().toISOString();
  const { locationId } = contact;
  const invoice: Invoice = {
    id: sim.random.id(),
    locationId,
    contactId: contact.id,
    name: 'Invoice',
    invoiceNumber: sim.world.invoices.listBy('locationId', locationId).length + 1,
    status: 'draft',
    currency,
    total,
    amountPaid: 0,
    liveMode: true,
    createdAt: now,
    updatedAt: now,
  };
  sim.world.invoices.set(invoice.id, invoice);
  announce(sim, 'InvoiceCreate', invoice);
  return invoice;
}

/** Sends or voids an invoice and announces it. */
export function moveInvoice(sim: Simulation, invoice: Invoice, status: 'sent' | 'void'): Invoice {
  return write(sim, { ...invoice, status }, status === 'sent' ? 'InvoiceSent' : 'InvoiceVoid');
}

/** Takes money for an invoice, all of what is due unless an amount is given. Raises 400 for too much and for a void one. */
export function payInvoice(sim: Simulation, invoice: Invoice, amount = invoice.total - invoice.amountPaid): Invoice {
  const amountPaid = invoice.amountPaid + amount;
  if (invoice.status === 'void' || invoice.status === 'paid') throw plainRefusal(400, 'Invoice can not be paid');
  if (amount <= 0 || amountPaid > invoice.total) throw plainRefusal(400, 'Amount exceeds the amount due');
  const isPaid = amountPaid === invoice.total;
  const status = isPaid ? 'paid' : 'partially_paid';
  if (invoice.contactId) noteActivity(sim, invoice.contactId, 'TYPE_ACTIVITY_INVOICE', 'Invoice paid');
  return write(sim, { ...invoice, amountPaid, status }, isPaid ? 'InvoicePaid' : 'InvoicePartiallyPaid');
}

/** Removes an invoice and announces it. */
export function deleteInvoice(sim: Simulation, invoice: Invoice): void {
  sim.world.invoices.delete(invoice.id);
  announce(sim, 'InvoiceDelete', invoice);
}

/** The invoice document, as the API and its events show it. */
export function viewInvoice(sim: Simulation, invoice: Invoice): Record<string, unknown> {
  const { id, locationId, contactId, ...rest } = invoice;
  const contact = sim.world.contacts.find(contactId ?? '');
  return {
    _id: id,
    altId: locationId,
    altType: 'location',
    ...rest,
    amountDue: invoice.total - invoice.amountPaid,
    contactDetails: contact
      ? { id: contact.id, name: nameOf(contact), email: contact.email, phoneNo: contact.phone }
      : { id: contactId },
    invoiceItems: [{ name: invoice.name, currency: invoice.currency, qty: 1, amount: invoice.total }],
    title: 'INVOICE',
    businessDetails: { name: sim.world.locations.get(locationId)?.name ?? '' },
    issueDate: invoice.createdAt.slice(0, 10),
    dueDate: invoice.createdAt.slice(0, 10),
    discount: { type: 'percentage', value: 0 },
    totalSummary: { subTotal: invoice.total, discount: 0, tax: 0 },
  };
}

function write(sim: Simulation, invoice: Invoice, event: string): Invoice {
  const after = { ...invoice, updatedAt: sim.clock.now().toISOString() };
  sim.world.invoices.set(after.id, after);
  announce(sim, event, after);
  return after;
}

/** Events have the number as text. The published samples have neither `type` nor `locationId`; a receiver may have to go by `altId`. */
function announce(sim: Simulation, type: string, invoice: Invoice): void {
  const companyId = sim.world.locations.get(invoice.locationId)?.companyId ?? '';
  const bare = sim.behaviour.invoiceEnvelope ? {} : { type: undefined, locationId: undefined };
  const fields = { ...viewInvoice(sim, invoice), invoiceNumber: String(invoice.invoiceNumber), ...bare };
  sim.emitter.emit({ type, companyId, locationId: invoice.locationId, fields });
}
