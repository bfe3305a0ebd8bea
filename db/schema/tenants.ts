import type { Generated } from 'kysely';
import type { InstallPurpose } from '../../domain/ghl-scopes.ts';
import type { NullableTimestamp, Timestamp } from './columns.ts';

export interface AgencyTable {
  id: string;
  name: string;
  ghl_company_id: string | null;
  created_at: Timestamp;
}

export type LocationKind = 'master' | 'region' | 'location';
export type Country = 'US' | 'CA';

export interface LocationTable {
  id: string;
  agency_id: string;
  parent_id: string | null;
  kind: LocationKind;
  name: string;
  ghl_location_id: string | null;
  is_intake: boolean;
  live_at: NullableTimestamp;
  installed_at: NullableTimestamp;
  postcode: string | null;
  country: Country | null;
  latitude: number | null;
  longitude: number | null;
  time_zone: Generated<string>;
  verticals: Generated<string[]>;
  radius_km: number | null;
  max_open_leads: number | null;
  daily_cap: number | null;
  pipeline_id: string | null;
  pipeline_stage_id: string | null;
  lead_max_age_seconds: Generated<number>;
  last_event_at: NullableTimestamp;
  silent_since: NullableTimestamp;
  silence_wanted_at: NullableTimestamp;
  created_at: Timestamp;
}

export type RepStatus = 'active' | 'suspended' | 'removed';

export interface RepTable {
  id: string;
  agency_id: string;
  location_id: string;
  ghl_user_id: string;
  name: string;
  email: string | null;
  status: RepStatus;
  weight: Generated<number>;
  rotation_pass: Generated<number>;
  max_open_leads: number | null;
  daily_cap: number | null;
  standing_at: NullableTimestamp;
  told_at: NullableTimestamp;
  notices_muted_at: NullableTimestamp;
  created_at: Timestamp;
}

export type ApiKeyRole = 'agency' | 'location' | 'webhook';

export interface ApiKeyTable {
  id: string;
  agency_id: string;
  location_id: string | null;
  role: ApiKeyRole;
  name: string;
  hash: Buffer;
  created_at: Timestamp;
  expires_at: NullableTimestamp;
  revoked_at: NullableTimestamp;
}

export interface InstallTable {
  id: string;
  agency_id: string;
  location_id: string | null;
  purpose: Generated<InstallPurpose>;
  kind: 'oauth' | 'pit';
  user_type: 'Company' | 'Location';
  scopes: Generated<string[]>;
  status: 'active' | 'needs_reauth' | 'uninstalled';
  status_reason: string | null;
  paused_until: NullableTimestamp;
  access_token: Buffer;
  refresh_token: Buffer | null;
  expires_at: NullableTimestamp;
  token_version: Generated<number>;
  lease_owner: string | null;
  lease_until: NullableTimestamp;
  installed_at: Timestamp;
  updated_at: Timestamp;
}

export interface LeadTriggerTable {
  id: string;
  agency_id: string;
  location_id: string;
  name: string;
  kind: 'tag' | 'field';
  subject: string;
  value: string | null;
  created_at: Timestamp;
}

export interface LeadTriggerStateTable {
  trigger_id: string;
  agency_id: string;
  ghl_contact_id: string;
  matched: boolean;
  occurrence: Generated<number>;
  observed_at: Date;
}
