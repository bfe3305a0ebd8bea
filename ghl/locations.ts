import type { GhlCalls, LocationCall } from './calls.ts';
import type { GhlLocation } from './location-schema.ts';

/** The location as GHL has it: its time zone, address and rules for duplicates. */
export async function getLocation(ghl: GhlCalls, context: LocationCall): Promise<GhlLocation> {
  const path = { ghlLocationId: context.resource.ghlLocationId };
  const answer = await ghl.call('getLocation', { ...context, path });
  return answer.location;
}
