import { isStorageAway } from '../db/storage-away.ts';
import type { EventOwner, Incoming, IntakeDoor, Receipt } from './intake-door.ts';

/** What came, and by which door. */
interface Arrival {
  door: IntakeDoor<Incoming, EventOwner>;
  event: Incoming;
}

interface InHand extends Arrival {
  receipt: Promise<Receipt>;
}

/** By what an event is known again. */
export const nameOf = ({ source, key }: Incoming): string => `${source} ${key.eventId}`;

/**
 * Lets what comes again while it is being taken wait for that and be answered as the repeat that it is then, with nothing asked
 * of Postgres. It is taken by itself when the first was refused for a reason of its own, or is of nobody: the account may
 * have been added since.
 * @returns waits for `take`, or for what was taken before @throws what `take` throws; for a repeat also what says of the first that storage is away
 */
export function createEventsInHand(): (arrival: Arrival, take: () => Promise<Receipt>) => Promise<Receipt> {
  const inHand = new Map<string, InHand>();
  return async (arrival, take) => {
    const name = nameOf(arrival.event);
    const first = inHand.get(name);
    if (first) {
      const known = isSame(first, arrival) ? await findRepeat(first) : undefined;
      return known ?? take();
    }
    const receipt = take();
    inHand.set(name, { ...arrival, receipt });
    try {
      return await receipt;
    } finally {
      inHand.delete(name);
    }
  };
}

/** The sender's id is believed where the account is the same, so that no tenant's delivery is answered by another's. */
const isSame = (first: Arrival, { door, event }: Arrival): boolean =>
  first.door === door && event.ghlLocationId !== null && first.event.ghlLocationId === event.ghlLocationId;

async function findRepeat({ receipt }: InHand): Promise<Receipt | undefined> {
  try {
    const first = await receipt;
    return first.agencyId === null ? undefined : { ...first, outcome: 'repeat', leadId: null };
  } catch (error) {
    if (isStorageAway(error)) throw error;
    return undefined;
  }
}
