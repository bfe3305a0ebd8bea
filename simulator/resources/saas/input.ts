import { z } from 'zod';

const id = z.string().min(1);
const text = z.string().optional();

/** Body of `…/enable-saas/{locationId}`. */
export const enableSchema = z.strictObject({
  companyId: id,
  isSaaSV2: z.boolean(),
  stripeAccountId: text,
  stripeCustomerId: text,
  name: text,
  email: text,
  contactId: text,
  providerLocationId: text,
  saasPlanId: text,
  priceId: text,
  description: text,
});

/** Body of `…/bulk-enable-saas/{companyId}`. */
export const bulkEnableSchema = z.strictObject({
  locationIds: z.array(id),
  isSaaSV2: z.boolean(),
  actionPayload: z.strictObject({ saasPlanId: id, priceId: text, stripeAccountId: text, providerLocationId: text }),
});

/** Body of `…/bulk-disable-saas/{companyId}`. */
export const bulkDisableSchema = z.strictObject({ locationIds: z.array(id) });

/** Body of `…/pause/{locationId}`. */
export const pauseSchema = z.strictObject({ paused: z.boolean(), companyId: id });

/** Body of `…/update-saas-subscription/{locationId}`. */
export const subscriptionSchema = z.strictObject({ subscriptionId: id, customerId: id, companyId: id });

/** Body of `…/update-rebilling/{companyId}`; the markup is in percent. */
export const rebillingSchema = z.strictObject({
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
  locationIds: z.array(id),
  config: z.strictObject({ optIn: z.boolean(), enabled: z.boolean(), markup: z.number() }),
});

/** Query of what is read. */
export const companyQuerySchema = z.strictObject({ companyId: id });
export const locationsQuerySchema = z.strictObject({ companyId: id, customerId: text, subscriptionId: text });
export const pageQuerySchema = z.strictObject({ page: z.coerce.number().int().min(1).default(1) });
