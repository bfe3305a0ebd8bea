import type { Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { contactEditedWork, contactMergeWork } from './contact-work.ts';
import { lockContact } from './contacts.ts';
import { addWork, type NewWork } from './event-capabilities.ts';
import type { Database } from './schema.ts';

/** What was handed to a workflow and has not been heard of since: the changes of a contact by its id, or a merge by its own. */
export type ForgottenChange = { agencyId: string } & ({ contactId: string } | { mergeId: string });

/** What nobody has tried since a time, the longest forgotten first. Needs the upkeep role. */
export async function listForgottenChanges(
  tx: Transaction<Database>,
  { before, limit }: { before: Date; limit: number },
): Promise<ForgottenChange[]> {
  const edits = await tx
    .selectFrom('contact_edits')
    .select(['agency_id', 'contact_id'])
    .where('state', '=', 'pending')
    .where('tried_at', '<', before)
    .groupBy(['agency_id', 'contact_id'])
    .orderBy((of) => of.fn.min('tried_at'))
    .limit(limit)
    .execute();
  const merges = await tx
    .selectFrom('contact_merges')
    .select(['agency_id', 'id'])
    .where('outcome', 'is', null)
    .where('tried_at', '<', before)
    .orderBy('tried_at')
    .limit(limit)
    .execute();
  return [
    ...edits.map((each) => ({ agencyId: each.agency_id, contactId: each.contact_id })),
    ...merges.map((each) => ({ agencyId: each.agency_id, mergeId: each.id })),
  ];
}

/**
 * Brings a forgotten change before its workflow once more, which starts it where it does not run and does nothing where
 * all is done. Of several who find it at once, one does. What the inbox still holds needs it not: it waits for Temporal, or
 * for an operator. Needs the scope of its agency.
 * @returns whether it was brought
 */
export async function wakeForgotten(
  tx: Transaction<Database>,
  change: ForgottenChange,
  { before, now }: { before: Date; now: Date },
): Promise<boolean> {
  const work =
    'contactId' in change
      ? await takeEdits(tx, change.contactId, before, now)
      : await takeMerge(tx, change, before, now);
  if (!work || (await isInInbox(tx, work.orderingKey))) return false;
  await addWork(tx, [work]);
  return true;
}

async function takeEdits(
  tx: Transaction<Database>,
  contactId: string,
  before: Date,
  now: Date,
): Promise<NewWork | undefined> {
  // Held first, as whoever makes or settles edits does.
  const contact = await lockContact(tx, contactId);
  const taken = await tx
    .updateTable('contact_edits')
    .set({ tried_at: now })
    .where('contact_id', '=', contactId)
    .where('state', '=', 'pending')
    .where('tried_at', '<', before)
    .returning('id')
    .execute();
  return contact && taken.length > 0 ? contactEditedWork(contact, uuidv7(), now) : undefined;
}

async function takeMerge(
  tx: Transaction<Database>,
  { agencyId, mergeId }: { agencyId: string; mergeId: string },
  before: Date,
  now: Date,
): Promise<NewWork | undefined> {
  const taken = await tx
    .updateTable('contact_merges')
    .set({ tried_at: now })
    .where('id', '=', mergeId)
    .where('outcome', 'is', null)
    .where('tried_at', '<', before)
    .returning('location_id')
    .executeTakeFirst();
  return taken && contactMergeWork({ agencyId, locationId: taken.location_id, mergeId }, now);
}

async function isInInbox(tx: Transaction<Database>, orderingKey: string): Promise<boolean> {
  const found = await tx
    .selectFrom('event_capabilities')
    .select('sequence')
    .where('ordering_key', '=', orderingKey)
    .where('state', 'in', ['pending', 'dead'])
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}
