import type { Generated } from 'kysely';
import type { Json, NullableJson, NullableTimestamp, Timestamp } from './columns.ts';

export interface AuditLogTable {
  id: string;
  at: Timestamp;
  agency_id: string;
  sequence: Generated<string>;
  actor: string;
  action: string;
  subject: string;
  before: NullableJson;
  after: NullableJson;
  origin: string;
  previous_hash: Generated<Buffer>;
  hash: Generated<Buffer>;
}

export interface AuditHeadTable {
  agency_id: string;
  sequence: string;
  hash: Buffer;
}

export interface GhlBudgetTable {
  resource: string;
  agency_id: string;
  state: Json;
  updated_at: Timestamp;
}

export interface GhlBreakerTable {
  endpoint_group: string;
  open_until: Date;
}

export type OperatorCredentialKind = 'link' | 'session' | 'token';

export interface OperatorCredentialTable {
  id: string;
  operator: string;
  kind: OperatorCredentialKind;
  hash: Buffer;
  link_id: string | null;
  token_id: string | null;
  created_at: Timestamp;
  expires_at: Date;
  used_at: NullableTimestamp;
  revoked_at: NullableTimestamp;
}

export interface EncryptionKeyVersionTable {
  version: number;
  first_sealed_at: Timestamp;
  last_sealed_at: Timestamp;
  retired_at: NullableTimestamp;
}
