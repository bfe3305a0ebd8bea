import type { Transaction, Updateable } from 'kysely';
import type { Database, Location, NewLocation } from './schema.ts';

/** Adds a location to the agency's tree. */
export async function createLocation(tx: Transaction<Database>, location: NewLocation): Promise<void> {
  await tx.insertInto('locations').values(location).execute();
}

/**
 * Adds a location that GHL told of, where operators find what nobody has arranged yet: below the given parent, not live.
 * @returns false when there is one of this GHL id already, perhaps another agency's
 */
export async function addListedLocation(
  tx: Transaction<Database>,
  location: {
    id: string;
    agencyId: string;
    parentId: string;
    name: string;
    ghlLocationId: string;
    installedAt: Date;
  },
): Promise<boolean> {
  const result = await tx
    .insertInto('locations')
    .values({
      id: location.id,
      agency_id: location.agencyId,
      parent_id: location.parentId,
      kind: 'location',
      name: location.name,
      ghl_location_id: location.ghlLocationId,
      is_intake: false,
      installed_at: location.installedAt,
    })
    .onConflict((conflict) => conflict.column('ghl_location_id').doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

/** A location of the scope. */
export async function findLocation(tx: Transaction<Database>, id: string): Promise<Location | undefined> {
  return tx.selectFrom('locations').selectAll().where('id', '=', id).executeTakeFirst();
}

/** A location of the scope. @throws NoResultError when there is none */
export async function getLocation(tx: Transaction<Database>, id: string): Promise<Location> {
  return tx.selectFrom('locations').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
}

/** A location of the scope by the id GHL gives it. */
export async function findLocationByGhlId(
  tx: Transaction<Database>,
  ghlLocationId: string,
): Promise<Location | undefined> {
  return tx.selectFrom('locations').selectAll().where('ghl_location_id', '=', ghlLocationId).executeTakeFirst();
}

/** The locations of the scope, masters first, then regions, by name. */
export async function listLocations(tx: Transaction<Database>): Promise<Location[]> {
  return tx.selectFrom('locations').selectAll().orderBy('kind', 'desc').orderBy('name').execute();
}

/** Changes a location. Returns false when the scope does not hold it. */
export async function updateLocation(
  tx: Transaction<Database>,
  id: string,
  change: Updateable<Database['locations']>,
): Promise<boolean> {
  const result = await tx.updateTable('locations').set(change).where('id', '=', id).executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** What a GHL call for a location must name: our ids and GHL's. */
export interface GhlAddress {
  agencyId: string;
  ghlCompanyId: string;
  locationId: string;
  ghlLocationId: string;
}

/** Where a location is in GHL; undefined while it or its agency is not connected. */
export async function findGhlAddress(tx: Transaction<Database>, locationId: string): Promise<GhlAddress | undefined> {
  const found = await tx
    .selectFrom('locations')
    .innerJoin('agencies', 'agencies.id', 'locations.agency_id')
    .select([
      'agencies.id as agencyId',
      'agencies.ghl_company_id',
      'locations.id as locationId',
      'locations.ghl_location_id',
    ])
    .where('locations.id', '=', locationId)
    .executeTakeFirst();
  if (!found?.ghl_company_id || !found.ghl_location_id) return undefined;
  return {
    agencyId: found.agencyId,
    ghlCompanyId: found.ghl_company_id,
    locationId: found.locationId,
    ghlLocationId: found.ghl_location_id,
  };
}
