export interface SendingSlots {
  /** Takes a slot. @returns what gives it back; undefined when the holder has all that it may have */
  enter(holderId: string): (() => void) | undefined;
}

/**
 * How many requests of one holder, an endpoint or an agency, may be under way in this process: one that hangs must leave
 * slots to the others.
 * @param limit for each holder
 */
export function createSendingSlots(limit: number): SendingSlots {
  const taken = new Map<string, number>();
  return {
    enter(holderId) {
      const before = taken.get(holderId) ?? 0;
      if (before >= limit) return undefined;
      taken.set(holderId, before + 1);
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        const left = taken.get(holderId)! - 1;
        if (left === 0) taken.delete(holderId);
        else taken.set(holderId, left);
      };
    },
  };
}
