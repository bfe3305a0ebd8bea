import type { Generated } from 'kysely';
import type { ConnectOutcome } from '../../domain/agency-connect.ts';
import type { RotationOutcome } from '../../domain/credential-rotation.ts';
import type { InstallPurpose } from '../../domain/ghl-scopes.ts';
import type { NullableTimestamp, Timestamp } from './columns.ts';

export interface ConnectLinkTable {
  id: string;
  agency_id: string;
  purpose: InstallPurpose;
  hash: Buffer;
  made_by: string;
  created_at: Timestamp;
  expires_at: Date;
  opened_at: NullableTimestamp;
  state_hash: Buffer | null;
  code: Buffer | null;
  code_at: NullableTimestamp;
  exchanged_at: NullableTimestamp;
  answer: Buffer | null;
  outcome: ConnectOutcome | null;
  ghl_company_id: string | null;
  locations: number | null;
  ended_at: NullableTimestamp;
}

export interface CredentialRotationTable {
  id: string;
  agency_id: string;
  location_id: string | null;
  candidate: Buffer | null;
  made_by: string;
  created_at: Timestamp;
  outcome: RotationOutcome | null;
  missing_scopes: Generated<string[]>;
  ended_at: NullableTimestamp;
}
