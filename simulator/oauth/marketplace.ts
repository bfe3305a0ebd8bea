import { z } from 'zod';
import { checkCompany, checkLocation } from '../http/access.ts';
import { ok, plainRefusal, refusal } from '../http/reply.ts';
import type { Call, Route } from '../http/route.ts';
import { validate } from '../http/validate.ts';
import { appIdOf, installKey } from '../world/world.ts';
import { uninstall } from './installs.ts';

const uninstallSchema = z.strictObject({
  companyId: z.string().min(1).optional(),
  locationId: z.string().min(1).optional(),
  reason: z.string().optional(),
});

const path = '/marketplace/app/:appId/installations';

/** What an app asks and does about its own installation. */
export const marketplaceRoutes: Route[] = [
  {
    access: 'oauth',
    scope: 'marketplace-installer-details.readonly',
    method: 'get',
    path,
    handle(call) {
      checkApp(call);
      const { companyId, locationId, clientId, userId } = call.token;
      const { companies, installs } = call.sim.world;
      const company = companies.get(companyId);
      const planId = locationId ? installs.get(installKey(clientId, locationId))?.planId : undefined;
      return ok({
        installationDetails: {
          companyId,
          ...(locationId ? { locationId } : {}),
          companyName: company?.name ?? '',
          relationshipNumber: '0-000-001',
          userId: userId ?? '',
          isWhitelabelCompany: company?.whitelabelDomain !== undefined,
          marketplaceAppPlanId: planId ?? appIdOf(clientId),
        },
      });
    },
  },
  {
    access: 'oauth',
    scope: 'oauth.write',
    method: 'delete',
    path,
    handle(call) {
      checkApp(call);
      const { companyId, locationId } = validate(uninstallSchema, call.body);
      if (locationId) checkLocation(call, locationId);
      else if (companyId && !call.token.locationId) checkCompany(call, companyId);
      else throw refusal(422, ['companyId or locationId should not be empty']);
      const { clientId } = call.token;
      uninstall(call.sim, locationId ? { clientId, locationId } : { clientId, companyId });
      return ok({ success: true });
    },
  },
];

/** An app may only ask about itself. */
function checkApp(call: Call): void {
  const { appId } = call.params;
  if (appIdOf(call.token.clientId) !== appId) throw plainRefusal(403, 'The token does not have access to this app.');
}
