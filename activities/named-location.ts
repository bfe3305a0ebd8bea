import { ApplicationFailure } from '@temporalio/activity';
import type { Transaction } from 'kysely';
import { findLocation } from '../db/locations.ts';
import type { Database, Location } from '../db/schema.ts';

/**
 * The location that a step's arguments name. Whoever can reach Temporal can name any: the scope shows none of another
 * agency, and an agency that is none has no location at all.
 * @throws ApplicationFailure LocationNotFound, final
 */
export async function requireLocation(tx: Transaction<Database>, locationId: string): Promise<Location> {
  const location = await findLocation(tx, locationId);
  if (!location) throw ApplicationFailure.nonRetryable('no such location in this agency', 'LocationNotFound');
  return location;
}
