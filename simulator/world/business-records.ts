import { z } from 'zod';

const id = z.string().min(1);
const isoDate = z.iso.datetime({ offset: true });

export const calendarSchema = z.object({
  id,
  locationId: id,
  name: z.string(),
  groupId: z.string().optional(),
  isActive: z.boolean().default(true),
  /** Minutes. */
  slotDuration: z.number().int().positive().default(30),
  teamMembers: z.array(z.object({ userId: id })).default([]),
  /** Hours of the day, in UTC, between which slots start and end. */
  openHours: z.object({ fromHour: z.number(), toHour: z.number() }).default({ fromHour: 9, toHour: 17 }),
});

export const appointmentStatusSchema = z.enum(['new', 'confirmed', 'cancelled', 'showed', 'noshow', 'invalid']);

export const appointmentSchema = z.object({
  id,
  locationId: id,
  calendarId: id,
  contactId: id,
  groupId: z.string().optional(),
  title: z.string().default('Appointment'),
  address: z.string().default(''),
  appointmentStatus: appointmentStatusSchema.default('confirmed'),
  assignedUserId: z.string().nullish(),
  notes: z.string().default(''),
  source: z.string().default('booking_widget'),
  startTime: isoDate,
  endTime: isoDate,
  dateAdded: isoDate,
  dateUpdated: isoDate,
});

/** Money records name their location `altId` on the wire; amounts are in the currency's main unit. */
const money = {
  id,
  locationId: id,
  contactId: z.string().nullish(),
  currency: z.string().default('USD'),
  amount: z.number().default(0),
  liveMode: z.boolean().default(true),
  createdAt: isoDate,
  updatedAt: isoDate,
};

export const transactionSchema = z.object({
  ...money,
  status: z.string().default('succeeded'),
  entityType: z.string().default('order'),
  entityId: z.string().nullish(),
  entitySourceType: z.string().default('funnel'),
  entitySourceMeta: z.record(z.string(), z.unknown()).default({}),
  subscriptionId: z.string().nullish(),
  chargeId: z.string().nullish(),
  amountRefunded: z.number().default(0),
  fulfilledAt: isoDate.optional(),
});

export const orderSchema = z.object({
  ...money,
  status: z.string().default('completed'),
  sourceType: z.string().default('funnel'),
  sourceId: z.string().nullish(),
});

export const subscriptionSchema = z.object({
  ...money,
  status: z.string().default('active'),
  entityId: z.string().nullish(),
  entitySourceType: z.string().default('funnel'),
  subscriptionId: z.string().nullish(),
});

export const invoiceStatusSchema = z.enum(['draft', 'sent', 'payment_processing', 'paid', 'void', 'partially_paid']);

export const invoiceSchema = z.object({
  id,
  locationId: id,
  contactId: z.string().nullish(),
  name: z.string().default('Invoice'),
  invoiceNumber: z.number().int().default(1),
  status: invoiceStatusSchema.default('draft'),
  currency: z.string().default('USD'),
  total: z.number().default(0),
  amountPaid: z.number().default(0),
  liveMode: z.boolean().default(true),
  createdAt: isoDate,
  updatedAt: isoDate,
});

export const saasPlanSchema = z.object({
  id,
  companyId: id,
  title: z.string(),
  description: z.string().default(''),
  snapshotId: z.string().optional(),
  /** Per month, in dollars. */
  price: z.number().default(0),
  createdAt: isoDate,
  updatedAt: isoDate,
});

/** The SaaS side of a location; its id is the location's. */
export const saasAccountSchema = z.object({
  id,
  companyId: id,
  locationId: id,
  enabled: z.boolean().default(true),
  paused: z.boolean().default(false),
  isSaaSV2: z.boolean().default(true),
  saasPlanId: z.string().optional(),
  priceId: z.string().optional(),
  customerId: z.string().optional(),
  subscriptionId: z.string().optional(),
  subscriptionStatus: z.string().default('active'),
  /** How far an account is that was announced before SaaS begins; rebilling can be attached to a pending one alone. */
  setup: z.enum(['setup_pending', 'payment_pending', 'activated']).default('activated'),
  /** Product to what will be charged for it, the markup in percent. */
  attachedRebillingConfig: z
    .record(z.string(), z.object({ enabled: z.boolean(), markup: z.number(), price: z.number().optional() }))
    .default({}),
  /** Product to what is charged for it. */
  rebilling: z
    .record(z.string(), z.object({ optIn: z.boolean(), enabled: z.boolean(), markup: z.number() }))
    .default({}),
});

/** The money of a location; its id is the location's. Amounts are in dollars. */
export const walletSchema = z.object({
  id,
  companyId: id,
  locationId: id,
  balance: z.number().default(0),
  complimentaryCredits: z.number().default(0),
});

export type Calendar = z.infer<typeof calendarSchema>;
export type Appointment = z.infer<typeof appointmentSchema>;
export type Invoice = z.infer<typeof invoiceSchema>;
export type Wallet = z.infer<typeof walletSchema>;
export type SaasAccount = z.infer<typeof saasAccountSchema>;
