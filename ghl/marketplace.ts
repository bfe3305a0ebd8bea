import type { CallContext, GhlCalls } from './calls.ts';
import type { GhlInstallation } from './marketplace-schema.ts';

/*
 * Both calls need an OAuth install: a private integration token is refused. `appId` is the client id up to its first
 * hyphen.
 */

/** Who installed the app here, and on which of its plans. */
export async function getInstallation(ghl: GhlCalls, context: CallContext, appId: string): Promise<GhlInstallation> {
  const answer = await ghl.call('getInstallation', { ...context, path: { appId } });
  return answer.installationDetails;
}

/**
 * Takes the app away from this location, or from the whole agency, by its own token, which ends with it: a repetition
 * raises GhlAuthExpiredError. Only a person can install it again.
 */
export async function uninstallApp(
  ghl: GhlCalls,
  context: CallContext,
  app: { appId: string; reason?: string },
): Promise<void> {
  const { resource } = context;
  const owner =
    resource.kind === 'location' ? { locationId: resource.ghlLocationId } : { companyId: resource.ghlCompanyId };
  const body = { ...owner, reason: app.reason };
  await ghl.call('uninstallApp', { ...context, path: { appId: app.appId }, body });
}
