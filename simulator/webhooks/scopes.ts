/** Which read scope an app needs to hear of an event: the first that the type begins with (GHL's page on scopes). */
const scopes: [prefix: string, scope: string][] = [
  ['Contact', 'contacts.readonly'],
  ['Note', 'contacts.readonly'],
  ['Task', 'contacts.readonly'],
  ['InboundMessage', 'conversations/message.readonly'],
  ['OutboundMessage', 'conversations/message.readonly'],
  ['ProviderOutboundMessage', 'conversations/message.write'],
  ['ConversationUnread', 'conversations.readonly'],
  ['Opportunity', 'opportunities.readonly'],
  ['Location', 'locations.readonly'],
  ['CampaignStatusUpdate', 'campaigns.readonly'],
];

/** Returns the scope that an event of this type asks for, or undefined where every app hears it. */
export function scopeOfEvent(type: string): string | undefined {
  return scopes.find(([prefix]) => type.startsWith(prefix))?.[1];
}
