import { z } from 'zod';
import { checkCompany } from '../../http/access.ts';
import { ok, refusal } from '../../http/reply.ts';
import type { Call, Route } from '../../http/route.ts';
import { validate } from '../../http/validate.ts';
import type { Wallet } from '../../world/business-records.ts';
import { getPathLocation } from '../accounts/owned.ts';

const creditsSchema = z.strictObject({ complimentaryCreditsAmount: z.number().min(0).default(0) });
const productSchema = z.strictObject({
  enabled: z.boolean(),
  /** What the price is multiplied with; it is kept and told in percent above the price. */
  markup: z.number(),
  price: z.number().optional(),
});
const attachSchema = z.strictObject({
  companyId: z.string().min(1),
  attachedRebillingConfig: z
    .partialRecord(
      z.enum([
        'contentAI',
        'workflow_premium_actions',
        'workflow_ai',
        'conversationAI',
        'whatsApp',
        'reviewsAI',
        'EmailVerification',
        'funnelAI',
        'domainPurchase',
        'Phone',
        'Email',
        'agentStudio',
        'askai',
        'aiStudio',
      ]),
      productSchema,
    )
    .default({}),
});

const wallet = '/saas-api/public-api/companies/:companyId/locations/:locationId/wallet-balance';

/** What only `Version: v3` has: the wallet of a location, and rebilling that is set before SaaS begins. */
export const walletRoutes: Route[] = [
  {
    access: 'agency',
    scope: 'saas/company.read',
    inV3: 'new',
    method: 'get',
    path: wallet,
    handle: (call) => ok(viewWallet(getWallet(call))),
  },
  {
    access: 'agency',
    scope: 'saas/company.write',
    inV3: 'new',
    method: 'post',
    path: `${wallet}/complimentary-credits`,
    handle(call) {
      const { complimentaryCreditsAmount } = validate(creditsSchema, call.body);
      const before = getWallet(call);
      const after = { ...before, complimentaryCredits: before.complimentaryCredits + complimentaryCreditsAmount };
      call.sim.world.wallets.set(after.id, after);
      return ok(viewWallet(after));
    },
  },
  {
    access: 'agency',
    // Published with the right to read, although it writes.
    scope: 'saas/company.read',
    inV3: 'new',
    method: 'post',
    path: '/saas/allow-attach-rebilling/:locationId',
    handle(call) {
      const { companyId, attachedRebillingConfig: asked } = validate(attachSchema, call.body);
      checkCompany(call, companyId);
      const { id: locationId } = getPathLocation(call);
      const account = call.sim.world.saasAccounts.get(locationId);
      if (account?.setup !== 'setup_pending') throw refusal(422, 'The sub-account is not in setup_pending state');
      const attachedRebillingConfig = Object.fromEntries(
        Object.entries(asked).map(([product, given]) => [product, { ...given, markup: (given.markup - 1) * 100 }]),
      );
      call.sim.world.saasAccounts.set(locationId, { ...account, setup: 'payment_pending', attachedRebillingConfig });
      return ok({ success: true, locationId, attachedRebillingConfig });
    },
  },
];

/** A location that never had any money has an empty wallet. */
function getWallet(call: Call): Wallet {
  const companyId = call.params['companyId'] ?? '';
  checkCompany(call, companyId);
  const { id } = getPathLocation(call);
  return call.sim.world.wallets.get(id) ?? { id, companyId, locationId: id, balance: 0, complimentaryCredits: 0 };
}

function viewWallet({ id, balance, complimentaryCredits }: Wallet): Record<string, unknown> {
  return { walletId: `wallet_${id}`, balance, complimentaryCredits };
}
