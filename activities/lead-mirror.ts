import type { Transaction } from 'kysely';
import type { PlacementFacts } from '../db/lead-placement.ts';
import { writeMade } from '../db/mirror.ts';
import type { MirrorPlace } from '../db/mirror-place.ts';
import type { Database } from '../db/schema.ts';
import type { Observation } from '../domain/mirror.ts';
import type { StoreDeps } from './dependencies.ts';
import { takeSeen } from './mirror-news.ts';

type Tx = Transaction<Database>;

/*
 * What GHL answered when a step of a lead made a record: a sight of it as good as a read. With it in the mirror, the event
 * of the creation has nothing to tell (db/known-changes.ts).
 */

/** A contact that was made: what it was made with is no step of a trigger. */
export async function mirrorMadeContact(
  tx: Tx,
  deps: Pick<StoreDeps, 'keys' | 'now'>,
  facts: PlacementFacts,
  seen: Observation,
): Promise<void> {
  await takeSeen(tx, deps, placeOf(facts, 'contact'), [seen], { foundBy: 'edit', tells: 'creation' });
}

/** What hangs on the contact; that of a lead means nothing to a lead. */
export async function mirrorMade(
  tx: Tx,
  facts: PlacementFacts,
  resource: 'note' | 'task' | 'opportunity',
  seen: Observation,
): Promise<void> {
  await writeMade(tx, placeOf(facts, resource), seen, 'edit');
}

const placeOf = ({ address }: PlacementFacts, resource: MirrorPlace['resource']): MirrorPlace => ({
  agencyId: address.agencyId,
  locationId: address.locationId,
  resource,
});
