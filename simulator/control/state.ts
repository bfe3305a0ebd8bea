import { viewContact } from '../resources/contact-view.ts';
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
    case 'installs':
      return [...world[collection].values()].filter(here);
    default:
      return locationId ? world[collection].listBy('locationId', locationId) : [...world[collection].values()];
  }
}
