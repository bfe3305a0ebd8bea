import { viewContact } from '../resources/contact-view.ts';
import { walk } from '../world/generated/series.ts';
import type { World } from '../world/world.ts';
import type { Collection } from './schemas.ts';

/** Lists what the world holds of a kind, for one location or all. */
export function listState(world: World, collection: Collection, locationId: string | undefined): unknown[] {
  const here = (record: { locationId: string }): boolean => !locationId || record.locationId === locationId;
  switch (collection) {
    case 'contacts':
      return (locationId ? world.contacts.listStored(locationId) : world.contacts.list()).map(viewContact);
    case 'users':
      return [...world.users.values()].filter((user) => !locationId || user.locationIds.includes(locationId));
    case 'locations':
      return [...world.locations.values()].filter(({ id }) => !locationId || id === locationId);
    case 'notes':
    case 'tasks':
    case 'opportunities':
    case 'pipelines':
    case 'installs':
      return [...world[collection].values()].filter(here);
    default:
      return locationId ? world[collection].listBy('locationId', locationId) : [...world[collection].values()];
  }
}

/** What is made up for a location and neither changed nor gone: what lists of the world's own leave out. */
export function listGenerated(world: World, collection: Collection, locationId: string): unknown[] {
  const population = world.populations.of(locationId);
  if (!population) return [];
  const { contacts: size, messagesPerContact } = population.spec;
  const rest = <T extends { id: string }>(count: number, at: (index: number) => T, covered: ReadonlySet<string>): T[] =>
    [...walk([0, count], 1)].map(at).filter(({ id }) => !covered.has(id));
  switch (collection) {
    case 'contacts':
      return rest(size, (index) => population.contactAt(index), world.contacts.coveredIn(locationId)).map(viewContact);
    case 'conversations': {
      const threads = messagesPerContact === 0 ? 0 : size;
      return rest(threads, (index) => population.conversationAt(index), world.conversations.coveredIn(locationId));
    }
    case 'messages':
      return rest(
        size * messagesPerContact,
        (index) => population.messageAt(index),
        world.messages.coveredIn(locationId),
      );
    default:
      return [];
  }
}
