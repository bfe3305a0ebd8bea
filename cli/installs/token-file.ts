import type { Transaction } from 'kysely';
import { z } from 'zod';
import { findAgency } from '../../db/agencies.ts';
import type { Database, Location } from '../../db/schema.ts';
import { CommandError, InputError } from '../failure.ts';
import { readWhole } from '../files.ts';
import { getNamedLocation } from '../locations/reference.ts';
import type { Terminal } from '../terminal.ts';

export const tokenFileInput = { tokenFile: z.string().min(1) };

const token = z
  .string()
  .trim()
  .regex(/^[\x21-\x7e]{20,4096}$/);

/** The token in a file, or on standard input. @throws InputError */
export async function readToken(terminal: Terminal, file: string): Promise<string> {
  const read = token.safeParse((await readWhole(terminal, file)).toString('utf8'));
  if (read.success) return read.data;
  throw new InputError(['--token-file: holds no token: wanted is one word of 20 characters or more.']);
}

/**
 * The account that a token is of, by our id or GHL's; null for the agency itself.
 * @throws CommandError when GHL does not know the account under an id that we have
 */
export async function requireGhlAccount(
  tx: Transaction<Database>,
  reference: string | undefined,
): Promise<Location | null> {
  const location = reference === undefined ? null : await getNamedLocation(tx, reference);
  if (location === null && (await findAgency(tx))?.ghl_company_id == null) {
    throw new CommandError('no-ghl-company', 'The agency has no GHL company id, so its token would be of no use.');
  }
  if (location !== null && location.ghl_location_id === null) {
    throw new CommandError('no-ghl-location', 'The location has no GHL id: locations set --ghl-location-id first.');
  }
  return location;
}
