import type { Generated } from 'kysely';
import type { PassKind, PolledResource } from '../../domain/poll-rules.ts';
import type { NullableJson, NullableTimestamp } from './columns.ts';

export interface PollPassTable {
  agency_id: string;
  location_id: string;
  resource: PolledResource;
  kind: PassKind;
  version: Generated<number>;
  due_at: Date;
  busy_due_at: NullableTimestamp;
  started_at: NullableTimestamp;
  cursor: NullableJson;
  reached: NullableTimestamp;
  repairs: boolean | null;
  listed: Generated<number>;
  missing_here: Generated<number>;
  missing_there: Generated<number>;
  different: Generated<number>;
  watermark: NullableTimestamp;
  watched_since: NullableTimestamp;
  finished_at: NullableTimestamp;
  last_change_at: NullableTimestamp;
  asked_at: NullableTimestamp;
  asked_repairs: boolean | null;
  failures: Generated<number>;
  last_error: string | null;
}

export interface SweepPageTable {
  agency_id: string;
  location_id: string;
  resource: string;
  page: number;
  ghl_ids: string[];
}

export interface WebhookGapTable {
  agency_id: string;
  location_id: string;
  resource: string;
  ghl_id: string;
  ghl_contact_id: string;
  kind: 'created' | 'updated' | 'deleted';
  changed_at: Date;
  found_at: Date;
  told_at: NullableTimestamp;
}

export interface DriftReportTable {
  id: string;
  agency_id: string;
  location_id: string;
  resource: string;
  started_at: Date;
  finished_at: Date;
  here: number;
  there: number;
  missing_here: number;
  missing_there: number;
  different: number;
  remaining: number;
  repairs: boolean;
}

export interface PollSettingTable {
  location_id: string;
  agency_id: string;
  repairs: boolean;
}
