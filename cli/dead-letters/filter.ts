import type { Command } from 'commander';
import type { Transaction } from 'kysely';
import { z } from 'zod';
import type { DeadLetterFilter } from '../../db/dead-letter-list.ts';
import type { Database } from '../../db/schema.ts';
import { DEAD_LETTER_CAPABILITIES } from '../../domain/dead-letter.ts';
import { lifetimeMs } from '../inputs.ts';
import { getNamedLocation, locationReference } from '../locations/reference.ts';

/** By which letters are chosen. */
export const filterInput = {
  capability: z.enum(DEAD_LETTER_CAPABILITIES, `wanted is one of ${DEAD_LETTER_CAPABILITIES.join(', ')}`).optional(),
  cause: z.string().trim().min(1).max(200).optional(),
  location: locationReference.optional(),
  subject: z.string().trim().min(1).max(200).optional(),
  olderThan: lifetimeMs.optional(),
};

export const addFilterOptions = (command: Command): Command =>
  command
    .option('--capability <name>', `one of ${DEAD_LETTER_CAPABILITIES.join(', ')}`)
    .option('--cause <start>', 'how the cause begins, such as edit: or poll:GhlForbidden')
    .option('--location <location>', 'our id or GHL’s')
    .option('--subject <id>', 'the id of what it is about')
    .option('--older-than <age>', 'there for so long: 12h, 90d');

/** @throws CommandError when the agency has no such location */
export async function readFilter(
  tx: Transaction<Database>,
  given: z.infer<z.ZodObject<typeof filterInput>>,
  now: Date,
): Promise<DeadLetterFilter> {
  const { capability, cause, location, subject: subjectId, olderThan } = given;
  const locationId = location === undefined ? undefined : (await getNamedLocation(tx, location)).id;
  const before = olderThan === undefined ? undefined : new Date(now.getTime() - olderThan);
  return { capability, cause, locationId, subjectId, before };
}
