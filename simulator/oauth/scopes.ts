import type { App } from '../world/records.ts';

/** Only an app whose target is the agency can select these. */
const agencyOnly = [
  'companies.readonly',
  'locations.write',
  'saas/company.read',
  'saas/company.write',
  'saas/location.read',
  'saas/location.write',
  'snapshots.readonly',
  'snapshots.write',
];

const shared = [
  'locations.readonly',
  'marketplace-installer-details.readonly',
  'oauth.readonly',
  'oauth.write',
  'users.readonly',
  'users.write',
];

const subAccountOnly = [
  'calendars.readonly',
  'calendars.write',
  'calendars/events.readonly',
  'calendars/events.write',
  'contacts.readonly',
  'contacts.write',
  'conversations.readonly',
  'conversations.write',
  'conversations/message.readonly',
  'conversations/message.write',
  'invoices.readonly',
  'invoices.write',
  'locations/customFields.readonly',
  'locations/customFields.write',
  'locations/customValues.readonly',
  'locations/customValues.write',
  'locations/tags.readonly',
  'locations/tags.write',
  'locations/tasks.readonly',
  'locations/templates.readonly',
  'opportunities.readonly',
  'opportunities.write',
  'payments/orders.readonly',
  'payments/subscriptions.readonly',
  'payments/transactions.readonly',
  'phonenumbers.read',
  'phonenumbers.write',
  'workflows.readonly',
];

/** What a minted location token carries besides the scopes of its app. */
export const mintingScopes = ['oauth.readonly', 'oauth.write'];

/** Every scope that the pretended GHL knows. */
export const everyScope = [...agencyOnly, ...shared, ...subAccountOnly];

/**
 * Returns the scopes of an app's tokens: those it asks for that its target may select (fixed when the app is made), all of
 * them where it asks for none. Without a target and a wish, undefined: everything is allowed.
 */
export function scopesOf(app: App | undefined): string[] | undefined {
  if (!app?.target) return app?.scopes;
  const selectable = [...shared, ...(app.target === 'Company' ? agencyOnly : subAccountOnly)];
  return app.scopes ? app.scopes.filter((scope) => selectable.includes(scope)) : selectable;
}
