export interface EndpointSlots {
  /** Takes a slot. @returns what gives it back; undefined when the endpoint has all that it may have */
  enter(endpointId: string): (() => void) | undefined;
}

/**
 * How many requests to one endpoint may be under way in this process: one that hangs must leave slots to the others.
 * @param limit for each endpoint
 */
export function createEndpointSlots(limit: number): EndpointSlots {
  const taken = new Map<string, number>();
  return {
    enter(endpointId) {
      const before = taken.get(endpointId) ?? 0;
      if (before >= limit) return undefined;
      taken.set(endpointId, before + 1);
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        const left = taken.get(endpointId)! - 1;
        if (left === 0) taken.delete(endpointId);
        else taken.set(endpointId, left);
      };
    },
  };
}
