import type { Insertable, Transaction, Updateable } from 'kysely';
import type { Database, Rep } from './schema.ts';

/** Adds a rep to a location. */
export async function createRep(tx: Transaction<Database>, rep: Insertable<Database['reps']>): Promise<void> {
  await tx.insertInto('reps').values(rep).execute();
}

/** A rep of the scope. */
export async function findRep(tx: Transaction<Database>, id: string): Promise<Rep | undefined> {
  return tx.selectFrom('reps').selectAll().where('id', '=', id).executeTakeFirst();
}

/** A GHL user as reps: one for each location in which they take leads. */
export async function listRepsOfGhlUser(tx: Transaction<Database>, ghlUserId: string): Promise<Rep[]> {
  return tx.selectFrom('reps').selectAll().where('ghl_user_id', '=', ghlUserId).orderBy('id').execute();
}

/** The reps of a location. */
export async function listRepsOfLocation(tx: Transaction<Database>, locationId: string): Promise<Rep[]> {
  return tx.selectFrom('reps').selectAll().where('location_id', '=', locationId).orderBy('name').execute();
}

/** All reps of the scope, by location and name. */
export async function listReps(tx: Transaction<Database>): Promise<Rep[]> {
  return tx.selectFrom('reps').selectAll().orderBy('location_id').orderBy('name').execute();
}

/** Changes a rep. Returns false when the scope does not hold them. */
export async function updateRep(
  tx: Transaction<Database>,
  id: string,
  change: Updateable<Database['reps']>,
): Promise<boolean> {
  const result = await tx.updateTable('reps').set(change).where('id', '=', id).executeTakeFirst();
  return result.numUpdatedRows === 1n;
}
