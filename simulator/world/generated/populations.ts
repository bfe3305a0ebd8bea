import type { Conversation, Message } from '../messaging-records.ts';
import type { Contact } from '../records.ts';
import { keyIn } from './ids.ts';
import type { Kind } from './ids.ts';
import { createPopulation } from './population.ts';
import type { Population, PopulationSpec } from './population.ts';

/** The generated populations: one at most for each location. */
export interface Populations {
  add(spec: PopulationSpec): void;
  list(): PopulationSpec[];
  of(locationId: string): Population | undefined;
  /** The population and the number of a generated record. */
  locate(kind: Kind, recordId: string): { population: Population; index: number } | undefined;
  findContact(contactId: string): Contact | undefined;
  findConversation(conversationId: string): Conversation | undefined;
  findMessage(messageId: string): Message | undefined;
}

/** Makes an empty set of populations. */
export function createPopulations(): Populations {
  const byLocation = new Map<string, Population>();
  const byKey = new Map<string, Population>();
  const locate: Populations['locate'] = (kind, recordId) => {
    const population = byKey.get(keyIn(recordId) ?? '');
    const index = population?.indexOf(kind, recordId);
    return population && index !== undefined ? { population, index } : undefined;
  };
  return {
    add(spec) {
      const population = createPopulation(spec);
      byLocation.set(spec.locationId, population);
      byKey.set(spec.key, population);
    },
    list: () => [...byLocation.values()].map(({ spec }) => spec),
    of: (locationId) => byLocation.get(locationId),
    locate,
    findContact(contactId) {
      const at = locate('contact', contactId);
      return at?.population.contactAt(at.index);
    },
    findConversation(conversationId) {
      const at = locate('conversation', conversationId);
      return at && at.population.spec.messagesPerContact > 0 ? at.population.conversationAt(at.index) : undefined;
    },
    findMessage(messageId) {
      const at = locate('message', messageId);
      return at?.population.messageAt(at.index);
    },
  };
}
