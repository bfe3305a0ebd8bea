import type { Kysely } from 'kysely';
import type { Database } from '../../db/schema.ts';

/** What waits in the inbox beside the reads for the mirror, which every event of a record asks for. */
export const otherWork = (ownerDb: Kysely<Database>): Promise<{ sequence: string }[]> =>
  ownerDb.selectFrom('event_capabilities').select('sequence').where('capability', '<>', 'contact-sync').execute();
