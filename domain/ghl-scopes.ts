/** Which of an agency's two GHL apps, or private tokens, an authority comes from: GHL fixes an app's audience for good. */
export type InstallPurpose = 'locations' | 'provisioning';

interface ScopeNeed {
  capability: string;
  scopes: readonly string[];
  /** `locations`: the app whose users are sub-accounts; `provisioning`: the one whose users are agencies. */
  of: readonly InstallPurpose[];
}

/**
 * What the apps ask for, by what it is needed for. GHL's documents list the scopes of each endpoint; an app made for
 * sub-accounts cannot select the agency's scopes, nor the other way round, which is why an agency connects two.
 */
const NEEDS: readonly ScopeNeed[] = [
  { capability: 'contacts, notes, tasks', scopes: ['contacts.readonly', 'contacts.write'], of: ['locations'] },
  { capability: 'tasks whose contact no event names', scopes: ['locations/tasks.readonly'], of: ['locations'] },
  {
    capability: 'opportunities and pipelines',
    scopes: ['opportunities.readonly', 'opportunities.write'],
    of: ['locations'],
  },
  {
    capability: 'conversations and messages',
    scopes: [
      'conversations.readonly',
      'conversations.write',
      'conversations/message.readonly',
      'conversations/message.write',
    ],
    of: ['locations'],
  },
  {
    capability: 'tags, custom fields and values',
    scopes: [
      'locations/tags.readonly',
      'locations/tags.write',
      'locations/customFields.readonly',
      'locations/customFields.write',
      'locations/customValues.readonly',
      'locations/customValues.write',
    ],
    of: ['locations'],
  },
  { capability: 'calendars', scopes: ['calendars.readonly', 'calendars/events.readonly'], of: ['locations'] },
  { capability: 'workflows', scopes: ['workflows.readonly'], of: ['locations'] },
  {
    capability: 'payments',
    scopes: ['payments/orders.readonly', 'payments/transactions.readonly', 'invoices.readonly'],
    of: ['locations'],
  },
  { capability: 'users', scopes: ['users.readonly', 'users.write'], of: ['locations', 'provisioning'] },
  { capability: 'locations', scopes: ['locations.readonly'], of: ['locations', 'provisioning'] },
  { capability: 'making locations', scopes: ['locations.write', 'companies.readonly'], of: ['provisioning'] },
  { capability: 'snapshots', scopes: ['snapshots.readonly'], of: ['provisioning'] },
  {
    capability: 'rebilling',
    scopes: ['saas/company.read', 'saas/company.write', 'saas/location.read', 'saas/location.write'],
    of: ['provisioning'],
  },
  // With these an agency's token lists its locations and makes their tokens.
  { capability: 'tokens of locations', scopes: ['oauth.readonly', 'oauth.write'], of: ['locations', 'provisioning'] },
];

/** The scopes that an install link asks for, in the order of the table. */
export const scopesOf = (purpose: InstallPurpose): string[] =>
  NEEDS.filter((need) => need.of.includes(purpose)).flatMap((need) => need.scopes);
