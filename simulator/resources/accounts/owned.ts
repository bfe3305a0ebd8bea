import { plainRefusal } from '../../http/reply.ts';
import type { Call } from '../../http/route.ts';
import type { Location } from '../../world/records.ts';
import { getCallLocation } from '../lookup.ts';

/** Returns the location in the call's path. Raises 403 where the token is not valid there. */
export function getPathLocation(call: Call): Location {
  return getCallLocation(call, call.params['locationId'] ?? '');
}

/** Returns what was found where it belongs to the location. Raises 404 where it does not, naming what was looked for. */
export function getOwned<T extends { locationId: string }>(found: T | undefined, locationId: string, noun: string): T {
  if (found?.locationId !== locationId) throw plainRefusal(404, `${noun} not found`);
  return found;
}
