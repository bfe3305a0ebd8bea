import { checkLocation } from '../http/access.ts';
import { plainRefusal } from '../http/reply.ts';
import type { Call } from '../http/route.ts';
import type { Contact, Location } from '../world/records.ts';
import { getContact } from './contact-writes.ts';

/** Returns the location a call names. Raises 403 where the token is not valid there, 400 where it does not exist. */
export function getCallLocation(call: Call, locationId: string): Location {
  checkLocation(call, locationId);
  const location = call.sim.world.locations.get(locationId);
  if (!location) throw plainRefusal(400, `Location with id ${locationId} not found`);
  return location;
}

/** Returns the contact in the call's path. Raises 400 where it does not exist, 403 where it is another location's. */
export function getCallContact(call: Call): Contact {
  const contact = getContact(call.sim, call.params['contactId'] ?? '');
  checkLocation(call, contact.locationId);
  return contact;
}
