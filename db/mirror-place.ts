import { type RawBuilder, sql } from 'kysely';
import type { MirroredResource } from '../domain/mirror.ts';

/** Whose records, and of which kind. */
export interface MirrorPlace {
  agencyId: string;
  locationId: string;
  resource: MirroredResource;
}

export const tableNameOf = (resource: MirroredResource): 'contacts' | 'messages' | 'mirror_records' => {
  if (resource === 'contact') return 'contacts';
  return resource === 'message' ? 'messages' : 'mirror_records';
};

/** Where the records of a place stand. */
export const tableOf = ({ resource }: MirrorPlace) => sql.table(tableNameOf(resource));

/** All records of a place that GHL has, for statements that go through many of them. */
export const allAt = ({ locationId, resource }: MirrorPlace): RawBuilder<unknown> =>
  tableNameOf(resource) === 'mirror_records'
    ? sql`location_id = ${locationId} and resource = ${resource}`
    : sql`location_id = ${locationId} and ghl_id is not null`;

/**
 * The records of a place, for statements that look some up by their ids. The planner is not told the location: of one that
 * came since it counted last it believes that there is nothing, and would read all of it for every page.
 */
export const someAt = ({ locationId, resource }: MirrorPlace): RawBuilder<unknown> =>
  tableNameOf(resource) === 'mirror_records'
    ? sql`location_id = (select ${locationId}::uuid) and resource = ${resource}`
    : sql`location_id = (select ${locationId}::uuid)`;
