/** How a lead's slot in a location ended; null while it has not. */
export interface SlotEnding {
  locationId: string;
  releaseReason: string | null;
}

/** A location that was found disconnected so often is left out for good, whatever its install says: no lead goes round in circles. */
const DISCONNECTED_AT_MOST = 3;

/** Whether the placement was given up. `disconnected`: somebody has to connect the location's install again. */
export const wasGivenUp = ({ releaseReason }: SlotEnding): boolean =>
  releaseReason === 'not-placed' || releaseReason === 'disconnected';

/**
 * The locations whose GHL would not take the lead, which are not asked again. One that was disconnected may be: while it
 * is, routing leaves it out, and when it is connected again nothing speaks against it.
 */
export function listRefusingLocations(earlier: readonly SlotEnding[]): string[] {
  const refused = earlier.filter(wasGivenUp);
  return [...new Set(refused.map((slot) => slot.locationId))].filter((locationId) => {
    const there = refused.filter((slot) => slot.locationId === locationId);
    return there.some((slot) => slot.releaseReason === 'not-placed') || there.length >= DISCONNECTED_AT_MOST;
  });
}
