import { z } from 'zod';
import { looseFlag, looseText, looseTexts } from './loose-fields.ts';

export const userSchema = z.object({
  id: z.string().min(1),
  name: looseText,
  firstName: looseText,
  lastName: looseText,
  email: looseText,
  phone: looseText,
  deleted: looseFlag,
  roles: z
    .object({ type: looseText, role: looseText, locationIds: looseTexts })
    .nullish()
    .catch(null)
    .transform((roles) => roles ?? { type: null, role: null, locationIds: [] }),
});
export type GhlUser = z.output<typeof userSchema>;

const flag = z.boolean().optional();
/** What a user may see and do, by GHL's names for it. */
const permissionsSchema = z.object({
  campaignsEnabled: flag,
  contactsEnabled: flag,
  workflowsEnabled: flag,
  triggersEnabled: flag,
  funnelsEnabled: flag,
  websitesEnabled: flag,
  opportunitiesEnabled: flag,
  dashboardStatsEnabled: flag,
  bulkRequestsEnabled: flag,
  appointmentsEnabled: flag,
  reviewsEnabled: flag,
  onlineListingsEnabled: flag,
  phoneCallEnabled: flag,
  conversationsEnabled: flag,
  adwordsReportingEnabled: flag,
  membershipEnabled: flag,
  facebookAdsReportingEnabled: flag,
  attributionsReportingEnabled: flag,
  settingsEnabled: flag,
  tagsEnabled: flag,
  leadValueEnabled: flag,
  marketingEnabled: flag,
  agentReportingEnabled: flag,
  botService: flag,
  socialPlanner: flag,
  bloggingEnabled: flag,
  invoiceEnabled: flag,
  affiliateManagerEnabled: flag,
  contentAiEnabled: flag,
  refundsEnabled: flag,
  recordPaymentEnabled: flag,
  cancelSubscriptionEnabled: flag,
  paymentsEnabled: flag,
  communitiesEnabled: flag,
  exportPaymentsEnabled: flag,
  assignedDataOnly: flag,
  campaignsReadOnly: flag,
  workflowsReadOnly: flag,
});

const id = z.string().min(1);
const userFields = z.object({
  firstName: id,
  lastName: id,
  email: z.email(),
  password: id,
  type: z.enum(['account', 'agency']),
  role: z.enum(['admin', 'user']),
  locationIds: z.array(id),
  phone: z.string().optional(),
  permissions: permissionsSchema.optional(),
  scopes: z.array(z.string()).optional(),
  platformLanguage: z.string().optional(),
});

export const userCreateBodySchema = userFields.extend({ companyId: id });
export type UserCreateFields = z.input<typeof userFields>;

export const userUpdateBodySchema = userFields.partial().extend({ companyId: id });
export type UserUpdateFields = Partial<UserCreateFields>;

export const usersByEmailBodySchema = z.object({
  companyId: id,
  emails: z.array(z.email()).min(1),
  // Otherwise GHL tells ids and e-mails only.
  projection: z.literal('all'),
  limit: z.number().int().min(1).max(100),
});
