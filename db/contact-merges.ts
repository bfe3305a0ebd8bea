import type { Transaction } from 'kysely';
import type { Database } from './schema.ts';

/** Whether a merge of this contact is under way. */
export async function isBeingMerged(tx: Transaction<Database>, contactId: string): Promise<boolean> {
  const found = await tx
    .selectFrom('contact_merges')
    .select('id')
    .where('outcome', 'is', null)
    .where((where) => where.or([where('survivor_id', '=', contactId), where('loser_id', '=', contactId)]))
    .executeTakeFirst();
  return found !== undefined;
}
