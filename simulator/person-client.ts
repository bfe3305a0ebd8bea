import type { z } from 'zod';
import type {
  uiAppointmentChangeSchema,
  uiAppointmentSchema,
  uiInvoiceSchema,
  uiSaleSchema,
} from './control/business.ts';
import type { uiInboundSchema, uiMessageStatusSchema, uiSendSchema } from './control/messaging.ts';
import type { Appointment, Invoice } from './world/business-records.ts';
import type { Conversation, Message } from './world/messaging-records.ts';

/** Sends one request to the control API and returns the answer's body. */
export type AskControl = <T>(method: string, path: string, body?: unknown) => Promise<T>;

/** What people do at the pretended GHL beyond contacts, opportunities and users. */
export interface PersonClient {
  /** A person texts or writes to a location; STOP and START have their effects. */
  receiveMessage(message: z.input<typeof uiInboundSchema>): Promise<Message>;
  /** Somebody of the agency, or one of GHL's automations, writes to a contact. */
  sendMessage(message: z.input<typeof uiSendSchema>): Promise<Message>;
  /** The carrier decides at once what became of a message. */
  setMessageStatus(messageId: string, status: z.input<typeof uiMessageStatusSchema>['status']): Promise<Message>;
  /** The retry button: the failed message vanishes and another takes its place. */
  retryMessage(messageId: string): Promise<Message>;
  readConversation(conversationId: string): Promise<Conversation>;
  /** Apps can not do this, and no event tells of it. */
  deleteLocation(locationId: string): Promise<void>;
  bookAppointment(appointment: z.input<typeof uiAppointmentSchema>): Promise<Appointment>;
  changeAppointment(appointmentId: string, change: z.input<typeof uiAppointmentChangeSchema>): Promise<Appointment>;
  deleteAppointment(appointmentId: string): Promise<void>;
  /** A person buys something: an order and its payment. */
  recordSale(sale: z.input<typeof uiSaleSchema>): Promise<{ orderId: string; transactionId: string }>;
  createInvoice(invoice: z.input<typeof uiInvoiceSchema>): Promise<Invoice>;
  sendInvoice(invoiceId: string): Promise<Invoice>;
  voidInvoice(invoiceId: string): Promise<Invoice>;
  /** Pays what is due, or a part of it. */
  payInvoice(invoiceId: string, amount?: number): Promise<Invoice>;
  deleteInvoice(invoiceId: string): Promise<void>;
}

/** Makes the functions from the means to ask. */
export function createPersonClient(ask: AskControl): PersonClient {
  const message = async (method: string, path: string, body?: unknown): Promise<Message> =>
    (await ask<{ message: Message }>(method, path, body)).message;
  const appointment = async (method: string, path: string, body: unknown): Promise<Appointment> =>
    (await ask<{ appointment: Appointment }>(method, path, body)).appointment;
  const invoice = async (path: string, body?: unknown): Promise<Invoice> =>
    (await ask<{ invoice: Invoice }>('POST', path, body)).invoice;
  const remove = async (path: string): Promise<void> => {
    await ask('DELETE', path);
  };
  return {
    receiveMessage: (inbound) => message('POST', '/ui/messages/inbound', inbound),
    sendMessage: (outbound) => message('POST', '/ui/messages', outbound),
    setMessageStatus: (id, status) => message('PUT', `/ui/messages/${id}/status`, { status }),
    retryMessage: (id) => message('POST', `/ui/messages/${id}/retry`),
    deleteLocation: (id) => remove(`/ui/locations/${id}`),
    bookAppointment: (booked) => appointment('POST', '/ui/appointments', booked),
    changeAppointment: (id, change) => appointment('PUT', `/ui/appointments/${id}`, change),
    deleteAppointment: (id) => remove(`/ui/appointments/${id}`),
    recordSale: (sale) => ask('POST', '/ui/sales', sale),
    createInvoice: (made) => invoice('/ui/invoices', made),
    sendInvoice: (id) => invoice(`/ui/invoices/${id}/send`),
    voidInvoice: (id) => invoice(`/ui/invoices/${id}/void`),
    payInvoice: (id, amount) => invoice(`/ui/invoices/${id}/pay`, { amount }),
    deleteInvoice: (id) => remove(`/ui/invoices/${id}`),
    readConversation: async (id) =>
      (await ask<{ conversation: Conversation }>('POST', `/ui/conversations/${id}/read`)).conversation,
  };
}
