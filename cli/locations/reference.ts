import type { Transaction } from 'kysely';
import { z } from 'zod';
import { findLocation, findLocationByGhlId } from '../../db/locations.ts';
import type { Database, Location } from '../../db/schema.ts';
import { CommandError } from '../failure.ts';
import { ghlId, id } from '../inputs.ts';

/** A location is named by our id or by GHL's. */
export const locationReference = z
  .union([id, ghlId], 'wanted is a location’s id or its id in GHL')
  .describe('our id or GHL’s');

/** The location an operator named. @throws CommandError when the agency has none such */
export async function getNamedLocation(tx: Transaction<Database>, reference: string): Promise<Location> {
  const isOurs = id.safeParse(reference).success;
  const found = isOurs ? await findLocation(tx, reference) : await findLocationByGhlId(tx, reference);
  if (!found) {
    throw new CommandError('unknown-location', `The agency has no location ${reference}. locations list shows them.`);
  }
  return found;
}
