/** A table with columns that `crypto/seal.ts` sealed. */
export interface SealedTable {
  name:
    | 'installs'
    | 'events'
    | 'refused_deliveries'
    | 'connect_links'
    | 'credential_rotations'
    | 'notice_subscriptions'
    | 'notice_deliveries'
    | 'webhook_endpoints';
  /** The primary key in its order, with the types of Postgres. */
  key: Readonly<Record<string, 'uuid' | 'timestamptz'>>;
  /** The columns that name whom the values of a row are sealed for: none where they are sealed for nobody. */
  tenant: readonly ('agency_id' | 'location_id')[];
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
    tenant: ['agency_id', 'location_id'],
    columns: { access_token: 'access-token', refresh_token: 'refresh-token' },
  },
  {
    name: 'events',
    key: { received_at: 'timestamptz', id: 'uuid' },
    tenant: ['agency_id', 'location_id'],
    columns: { body: 'event-body' },
  },
  { name: 'refused_deliveries', key: { id: 'uuid' }, tenant: [], columns: { body: 'refused-delivery' } },
  {
    name: 'connect_links',
    key: { id: 'uuid' },
    tenant: ['agency_id'],
    columns: { code: 'connect-code', answer: 'connect-answer' },
  },
  {
    name: 'credential_rotations',
    key: { id: 'uuid' },
    tenant: ['agency_id', 'location_id'],
    columns: { candidate: 'credential-candidate' },
  },
  {
    name: 'notice_subscriptions',
    key: { id: 'uuid' },
    tenant: ['agency_id', 'location_id'],
    columns: { address: 'notice-address' },
  },
  {
    name: 'notice_deliveries',
    key: { id: 'uuid' },
    tenant: ['agency_id', 'location_id'],
    columns: { address: 'notice-address' },
  },
  {
    name: 'webhook_endpoints',
    key: { id: 'uuid' },
    tenant: ['agency_id'],
    columns: { secret: 'webhook-secret', previous_secret: 'webhook-previous-secret' },
  },
];
