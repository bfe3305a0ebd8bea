import type { Generated } from 'kysely';
import type { ConflictPolicy } from '../../domain/contact-conflict.ts';
import type { EditOrigin, EditState } from '../../domain/contact-edit.ts';
import type { FieldDrift, MappedType } from '../../domain/field-mapping.ts';
import type { Json, NullableJson, NullableTimestamp, Timestamp } from './columns.ts';

export interface ContactEditTable {
  id: string;
  agency_id: string;
  location_id: string;
  contact_id: string;
  field: string;
  content: Json;
  actor: string;
  origin: EditOrigin;
  made_at: Date;
  state: EditState;
  reason: string | null;
  attempts: Generated<number>;
  last_error: string | null;
  tried_at: Date;
  settled_at: NullableTimestamp;
}

export interface ContactKeyTable {
  agency_id: string;
  key: string;
  body_hash: Buffer;
  contact_id: string;
  created_at: Timestamp;
}

export interface ConflictPolicyTable {
  agency_id: string;
  location_id: string;
  field: string;
  policy: ConflictPolicy;
}

export interface ContactMergeTable {
  id: string;
  agency_id: string;
  location_id: string;
  survivor_id: string;
  loser_id: string;
  accepts_loss: Generated<boolean>;
  carried: NullableJson;
  actor: string;
  origin: EditOrigin;
  made_at: Date;
  tried_at: Date;
  outcome: 'merged' | 'refused' | 'failed' | null;
  reason: string | null;
  ended_at: NullableTimestamp;
}

export interface FieldMappingTable {
  agency_id: string;
  location_id: string;
  name: string;
  type: MappedType;
  ghl_field_id: string;
  ghl_data_type: string;
  options: Generated<string[]>;
  drift: FieldDrift | null;
  checked_at: Date;
  created_at: Timestamp;
}
