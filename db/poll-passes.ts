import { type Selectable, sql, type Transaction } from 'kysely';
import type { PassKind, PolledResource } from '../domain/poll-rules.ts';
import type { Database } from './schema.ts';
import type { PollPassTable } from './schema/polling.ts';

export type PollPass = Selectable<PollPassTable>;

/** Which pass of which location. */
export interface PassRef {
  locationId: string;
  resource: PolledResource;
  kind: PassKind;
}

/** Makes the passes of a location that are not there yet; they are due at once. Safe to repeat. */
export async function ensurePasses(
  tx: Transaction<Database>,
  of: { agencyId: string; locationId: string },
  passes: readonly { resource: PolledResource; kind: PassKind }[],
  now: Date,
): Promise<void> {
  const own = { agency_id: of.agencyId, location_id: of.locationId, due_at: now };
  await tx
    .insertInto('poll_passes')
    .values(passes.map((pass) => ({ ...own, ...pass })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** All passes of a location. */
export async function listPasses(tx: Transaction<Database>, locationId: string): Promise<PollPass[]> {
  return tx
    .selectFrom('poll_passes')
    .selectAll()
    .where('location_id', '=', locationId)
    .orderBy('resource')
    .orderBy('kind')
    .execute();
}

/** One pass; undefined when there is none. */
export async function findPass(tx: Transaction<Database>, of: PassRef): Promise<PollPass | undefined> {
  return tx
    .selectFrom('poll_passes')
    .selectAll()
    .where('location_id', '=', of.locationId)
    .where('resource', '=', of.resource)
    .where('kind', '=', of.kind)
    .executeTakeFirst();
}

export type PassChange = Partial<
  Omit<PollPass, 'agency_id' | 'location_id' | 'resource' | 'kind' | 'version' | 'cursor'>
> & { cursor?: string | null };

/**
 * Changes a pass unless somebody has since it was read.
 * @returns the pass as it is then; undefined when somebody has, and nothing was changed
 */
export async function savePass(
  tx: Transaction<Database>,
  pass: PollPass,
  change: PassChange,
): Promise<PollPass | undefined> {
  return tx
    .updateTable('poll_passes')
    .set({ ...change, version: pass.version + 1 })
    .where('location_id', '=', pass.location_id)
    .where('resource', '=', pass.resource)
    .where('kind', '=', pass.kind)
    .where('version', '=', pass.version)
    .returningAll()
    .executeTakeFirst();
}

/**
 * Asks for a sweep of everything in a location, as soon as may be; what fails and waits to be tried again is tried, too.
 * @param repairs whether it brings the mirror into step, or only counts
 */
export async function askForSweeps(
  tx: Transaction<Database>,
  locationId: string,
  { repairs, now }: { repairs: boolean; now: Date },
): Promise<void> {
  await tx
    .updateTable('poll_passes')
    .set({ asked_at: now, asked_repairs: repairs, due_at: now, version: sql<number>`version + 1` })
    .where('location_id', '=', locationId)
    .where('kind', '=', 'sweep')
    .execute();
  await tx
    .updateTable('poll_passes')
    .set({ due_at: now, version: sql<number>`version + 1` })
    .where('location_id', '=', locationId)
    .where('kind', '=', 'delta')
    .where('failures', '>', 0)
    .execute();
}

/** Makes a pass due now, whatever it waits for. @returns false when the location has no such pass */
export async function makePassDue(
  tx: Transaction<Database>,
  of: { locationId: string; resource: string; kind: string },
  now: Date,
): Promise<boolean> {
  const due = await tx
    .updateTable('poll_passes')
    .set({ due_at: now, version: sql<number>`version + 1` })
    .where('location_id', '=', of.locationId)
    .where(sql<string>`resource`, '=', of.resource)
    .where(sql<string>`kind`, '=', of.kind)
    .executeTakeFirst();
  return due.numUpdatedRows === 1n;
}

/** Whether sweeps of a location repair what they find when nobody has asked for them: so they do unless it was said. */
export async function getRepairPolicy(tx: Transaction<Database>, locationId: string): Promise<boolean> {
  const found = await tx
    .selectFrom('poll_settings')
    .select('repairs')
    .where('location_id', '=', locationId)
    .executeTakeFirst();
  return found?.repairs ?? true;
}

/** Sets whether sweeps of a location repair by themselves. */
export async function setRepairPolicy(
  tx: Transaction<Database>,
  of: { agencyId: string; locationId: string },
  repairs: boolean,
): Promise<void> {
  await tx
    .insertInto('poll_settings')
    .values({ agency_id: of.agencyId, location_id: of.locationId, repairs })
    .onConflict((conflict) => conflict.column('location_id').doUpdateSet({ repairs }))
    .execute();
}
