import type { ColumnType, Generated, GeneratedAlways, JSONColumnType } from 'kysely';
import type { FoundBy, MirroredResource } from '../../domain/mirror.ts';
import type { Json, NullableTimestamp, Timestamp } from './columns.ts';

interface ObservedColumns {
  agency_id: string;
  location_id: string;
  fields: Json;
  ghl_updated_at: NullableTimestamp;
  observed_at: Date;
  found_by: FoundBy;
  found_at: Timestamp;
  missing_since: NullableTimestamp;
  deleted_at: NullableTimestamp;
}

export interface ContactTable extends ObservedColumns {
  id: Generated<string>;
  ghl_id: string | null;
  ghl_created_at: NullableTimestamp;
  is_exact: Generated<boolean>;
  email: GeneratedAlways<string | null>;
  phone: GeneratedAlways<string | null>;
  lineage: JSONColumnType<Record<string, unknown>, string | undefined, string>;
  merged_into: string | null;
  creation_tried_at: NullableTimestamp;
}

export interface MessageTable extends ObservedColumns {
  ghl_id: string;
  ghl_contact_id: string | null;
  ghl_created_at: ColumnType<Date, Date, Date>;
}

export interface MirrorRecordTable extends ObservedColumns {
  resource: Exclude<MirroredResource, 'contact' | 'message'>;
  ghl_id: string;
  ghl_contact_id: string | null;
  ghl_created_at: NullableTimestamp;
  digest: GeneratedAlways<string | null>;
}
