import { z } from 'zod';
import { looseText } from './loose-fields.ts';

const id = z.string().min(1);

export const saasEnableBodySchema = z.object({
  companyId: id,
  isSaaSV2: z.boolean(),
  stripeAccountId: id.optional(),
  stripeCustomerId: id.optional(),
  name: z.string().optional(),
  email: z.email().optional(),
  contactId: id.optional(),
  saasPlanId: id.optional(),
  priceId: id.optional(),
  description: z.string().optional(),
});
export type SaasEnableFields = Omit<z.input<typeof saasEnableBodySchema>, 'companyId'>;

export const saasPauseBodySchema = z.object({ companyId: id, paused: z.boolean() });

export const rebillingBodySchema = z.object({
  product: z.enum([
    'contentAI',
    'workflow_premium_actions',
    'workflow_ai',
    'conversationAI',
    'EmailNotification',
    'whatsApp',
    'reviewsAI',
    'VERIFIED_CALLER_ID',
    'WALLET_SALES_TAX',
    'NOTIFICATION_SMS',
    'EmailSmtp',
    'EmailVerification',
    'autoCompleteAddress',
    'funnelAI',
    'domainPurchase',
    'Phone',
    'Email',
  ]),
  locationIds: z.array(id).min(1),
  config: z.object({ optIn: z.boolean(), enabled: z.boolean(), markup: z.number().min(0) }),
});

export const saasSubscriptionSchema = z.object({
  locationId: looseText,
  saasMode: looseText,
  saasPlanId: looseText,
  priceId: looseText,
  customerId: looseText,
  subscriptionId: looseText,
  subscriptionStatus: looseText,
});
export type GhlSaasSubscription = z.output<typeof saasSubscriptionSchema>;

/** Neither answer has a published schema: one that is missing something is no reason to call it failed. */
export const saasEnabledSchema = z.object({
  data: z.object({ customer_id: looseText, subscription_id: looseText }).nullish().catch(null),
});
