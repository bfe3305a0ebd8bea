import type { ColumnType, Generated } from 'kysely';
import type { Json, NullableTimestamp, Timestamp } from './columns.ts';

/** Where an event came from; `poll`: polling found what GHL should have told, or a read for another reason did. */
export type EventSource = 'ghl' | 'ghl-workflow' | 'api' | 'poll';
export type EventStatus = 'accepted' | 'ignored' | 'unparseable' | 'unknown-tenant';

/** What an event can ask of a workflow now; others are stored for the capabilities to come. */
export type EventCapability =
  'lead-intake' | 'lead-follow-up' | 'account-sync' | 'agency-connect' | 'contact-sync' | 'backfill' | 'notification';

export interface EventTable {
  id: string;
  received_at: Timestamp;
  agency_id: string | null;
  location_id: string | null;
  source: EventSource;
  event_id: string;
  type: string;
  status: EventStatus;
  ghl_location_id: string | null;
  ghl_contact_id: string | null;
  ghl_record_id: string | null;
  occurred_at: NullableTimestamp;
  body: Buffer | null;
}

export interface EventKeyTable {
  source: EventSource;
  event_id: string;
  event_row_id: string;
  agency_id: string | null;
  received_at: Timestamp;
}

export interface EventCapabilityTable {
  sequence: Generated<string>;
  cause_id: string;
  agency_id: string;
  location_id: string | null;
  fairness_key: string;
  capability: EventCapability;
  ordering_key: string;
  workflow_id: string;
  input: Json;
  state: 'pending' | 'started' | 'known' | 'dead';
  attempts: Generated<number>;
  due_at: Date;
  priority: Generated<number>;
  created_at: Timestamp;
  started_at: NullableTimestamp;
  last_error: string | null;
  traceparent: string | null;
}

export interface RefusedDeliveryTable {
  id: string;
  received_at: Timestamp;
  reason: string;
  signature: string | null;
  path: string | null;
  header_names: string[] | null;
  digest: string | null;
  body_bytes: number | null;
  body: Buffer | null;
  taken_at: NullableTimestamp;
}

export interface RefusedDeliveryCountTable {
  hour: Date;
  reason: string;
  count: ColumnType<string, number, number>;
}
