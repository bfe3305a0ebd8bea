/** A table with columns that `crypto/seal.ts` sealed. */
export interface SealedTable {
  name: 'installs' | 'events' | 'refused_deliveries';
  /** The primary key in its order, with the types of Postgres. */
  key: Readonly<Record<string, 'uuid' | 'timestamptz'>>;
  /** Whether values are sealed for the `agency_id` and `location_id` of their row, or for nobody. */
  hasTenant: boolean;
  /** Each sealed column with the purpose it is sealed for. */
  columns: Readonly<Record<string, string>>;
}

/**
 * Every sealed column of the database: what is missing here is not re-sealed and is lost with its key. A test walks the
 * catalogue for columns of bytes that are not here.
 */
export const SEALED_TABLES: readonly SealedTable[] = [
  {
    name: 'installs',
    key: { id: 'uuid' },
    hasTenant: true,
    columns: { access_token: 'access-token', refresh_token: 'refresh-token' },
  },
  { name: 'events', key: { received_at: 'timestamptz', id: 'uuid' }, hasTenant: true, columns: { body: 'event-body' } },
  { name: 'refused_deliveries', key: { id: 'uuid' }, hasTenant: false, columns: { body: 'refused-delivery' } },
];
