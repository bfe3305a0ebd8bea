import { z } from 'zod';
import * as account from './account-records.ts';
import * as business from './business-records.ts';
import { OverlaidMap } from './generated/overlaid-map.ts';
import type { Populations } from './generated/populations.ts';
import { IndexedMap } from './indexed-map.ts';
import * as messaging from './messaging-records.ts';

/** The kinds of records that need no treatment of their own in the world, the seed and the snapshot file. */
export const collectionSchemas = {
  conversations: messaging.conversationSchema,
  messages: messaging.messageSchema,
  conversationProviders: messaging.conversationProviderSchema,
  locationTags: account.locationTagSchema,
  customFields: account.customFieldDefinitionSchema,
  customValues: account.customValueSchema,
  templates: account.templateSchema,
  workflows: account.workflowSchema,
  enrolments: account.enrolmentSchema,
  lostReasons: account.lostReasonSchema,
  snapshots: account.snapshotSchema,
  snapshotLoads: account.snapshotLoadSchema,
  calendars: business.calendarSchema,
  appointments: business.appointmentSchema,
  transactions: business.transactionSchema,
  orders: business.orderSchema,
  subscriptions: business.subscriptionSchema,
  invoices: business.invoiceSchema,
  saasPlans: business.saasPlanSchema,
  saasAccounts: business.saasAccountSchema,
  wallets: business.walletSchema,
};

export type CollectionName = keyof typeof collectionSchemas;
export const collectionNames = z.enum(Object.keys(collectionSchemas) as [CollectionName, ...CollectionName[]]).options;

/** The records themselves, each kind by id. */
export type Collections = {
  [Name in CollectionName]: IndexedMap<z.output<(typeof collectionSchemas)[Name]>>;
} & {
  conversations: OverlaidMap<messaging.Conversation>;
  messages: OverlaidMap<messaging.Message>;
};

/** Makes the collections, empty but for the threads of generated contacts. */
export function createCollections(populations: Populations): Collections {
  return {
    conversations: new OverlaidMap({
      find: (id) => populations.findConversation(id),
      listBy(field, ownerId) {
        const at = field === 'contactId' ? populations.locate('contact', ownerId) : undefined;
        return at && at.population.spec.messagesPerContact > 0 ? [at.population.conversationAt(at.index)] : [];
      },
    }),
    messages: new OverlaidMap({
      find: (id) => populations.findMessage(id),
      listBy(field, ownerId) {
        const at = populations.locate(field === 'contactId' ? 'contact' : 'conversation', ownerId);
        return at ? at.population.listMessages(at.index) : [];
      },
    }),
    conversationProviders: new IndexedMap(),
    locationTags: new IndexedMap(),
    customFields: new IndexedMap(),
    customValues: new IndexedMap(),
    templates: new IndexedMap(),
    workflows: new IndexedMap(),
    enrolments: new IndexedMap(),
    lostReasons: new IndexedMap(),
    snapshots: new IndexedMap(),
    snapshotLoads: new IndexedMap(),
    calendars: new IndexedMap(),
    appointments: new IndexedMap(),
    transactions: new IndexedMap(),
    orders: new IndexedMap(),
    subscriptions: new IndexedMap(),
    invoices: new IndexedMap(),
    saasPlans: new IndexedMap(),
    saasAccounts: new IndexedMap(),
    wallets: new IndexedMap(),
  };
}
