import type { Transaction } from 'kysely';
import type { Database } from './schema.ts';

/** An event whose body is still kept. */
export interface KeptEvent {
  rowId: string;
  receivedAt: Date;
}

const DAY_MS = 86_400_000;

/** An event that came within a day of a time, by the id of its row; undefined when it, or its body, is gone. */
export async function findKeptEvent(
  tx: Transaction<Database>,
  rowId: string,
  about: Date,
): Promise<KeptEvent | undefined> {
  return tx
    .selectFrom('events')
    .select(['id as rowId', 'received_at as receivedAt'])
    .where('id', '=', rowId)
    .where('received_at', '>=', new Date(about.getTime() - DAY_MS))
    .where('received_at', '<=', new Date(about.getTime() + DAY_MS))
    .where('body', 'is not', null)
    .executeTakeFirst();
}

/** The latest INSTALL of a location that came in the three days before a time. */
export async function findKeptInstall(
  tx: Transaction<Database>,
  location: { id: string; ghl_location_id: string | null },
  before: Date,
): Promise<KeptEvent | undefined> {
  return tx
    .selectFrom('events')
    .select(['id as rowId', 'received_at as receivedAt'])
    .where('type', '=', 'INSTALL')
    .where((where) =>
      where.or([where('location_id', '=', location.id), where('ghl_location_id', '=', location.ghl_location_id)]),
    )
    .where('received_at', '>=', new Date(before.getTime() - 3 * DAY_MS))
    .where('received_at', '<=', before)
    .where('body', 'is not', null)
    .orderBy('received_at', 'desc')
    .limit(1)
    .executeTakeFirst();
}
