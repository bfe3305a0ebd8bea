import { Router } from 'express';
import { z } from 'zod';
import { validate } from '../http/validate.ts';
import {
  bookAppointment,
  changeAppointment,
  deleteAppointment,
  getAppointment,
  getCalendar,
} from '../resources/calendars/appointment-writes.ts';
import { getContact } from '../resources/contact-writes.ts';
import {
  createInvoice,
  deleteInvoice,
  getInvoice,
  moveInvoice,
  payInvoice,
} from '../resources/money/invoice-writes.ts';
import { recordSale } from '../resources/money/sales.ts';
import type { Simulation } from '../simulation.ts';
import { appointmentStatusSchema } from '../world/business-records.ts';

const id = z.string().min(1);
const time = z.iso.datetime({ offset: true });
const amount = z.number().positive();
const appointmentFields = {
  title: z.string().optional(),
  appointmentStatus: appointmentStatusSchema.optional(),
  assignedUserId: id.optional(),
  endTime: time.optional(),
};

export const uiAppointmentSchema = z.strictObject({
  calendarId: id,
  contactId: id,
  startTime: time,
  ...appointmentFields,
});
export const uiAppointmentChangeSchema = z.strictObject({ startTime: time.optional(), ...appointmentFields });
/** Amounts are in the currency's main unit. */
export const uiSaleSchema = z.strictObject({
  contactId: id,
  amount,
  currency: z.string().default('USD'),
  source: z.string().default('funnel'),
});
export const uiInvoiceSchema = z.strictObject({ contactId: id, total: amount, currency: z.string().default('USD') });
export const uiPaymentSchema = z.strictObject({ amount: amount.optional() });

/** What people do with calendars and money: book, move, buy, send and pay invoices. */
export function createBusinessRouter(sim: Simulation): Router {
  const router = Router();
  router.post('/appointments', (req, res) => {
    const { calendarId, contactId, ...input } = validate(uiAppointmentSchema, req.body);
    const booking = { source: 'booking_widget', anyTime: false };
    res
      .status(201)
      .json({ appointment: bookAppointment(sim, getCalendar(sim, calendarId), contactId, input, booking) });
  });
  router.put('/appointments/:id', (req, res) => {
    const input = validate(uiAppointmentChangeSchema, req.body);
    res.json({ appointment: changeAppointment(sim, getAppointment(sim, req.params.id), input) });
  });
  router.delete('/appointments/:id', (req, res) => {
    deleteAppointment(sim, getAppointment(sim, req.params.id));
    res.json({ succeded: true });
  });

  router.post('/sales', (req, res) => {
    const { contactId, ...sale } = validate(uiSaleSchema, req.body);
    res.status(201).json(recordSale(sim, getContact(sim, contactId), sale));
  });

  router.post('/invoices', (req, res) => {
    const { contactId, total, currency } = validate(uiInvoiceSchema, req.body);
    res.status(201).json({ invoice: createInvoice(sim, getContact(sim, contactId), total, currency) });
  });
  router.post('/invoices/:id/send', (req, res) => {
    res.json({ invoice: moveInvoice(sim, getInvoice(sim, req.params.id), 'sent') });
  });
  router.post('/invoices/:id/void', (req, res) => {
    res.json({ invoice: moveInvoice(sim, getInvoice(sim, req.params.id), 'void') });
  });
  router.post('/invoices/:id/pay', (req, res) => {
    const paid = validate(uiPaymentSchema, req.body);
    res.json({ invoice: payInvoice(sim, getInvoice(sim, req.params.id), paid.amount) });
  });
  router.delete('/invoices/:id', (req, res) => {
    deleteInvoice(sim, getInvoice(sim, req.params.id));
    res.json({ succeded: true });
  });
  return router;
}
