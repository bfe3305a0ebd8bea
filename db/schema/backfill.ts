import type { Generated, JSONColumnType } from 'kysely';
import type { BackfillPartState, BackfillResource, BackfillWish, NamesWanted } from '../../domain/backfill.ts';
import type { NullableTimestamp, Timestamp } from './columns.ts';

export interface BackfillRunTable {
  id: string;
  agency_id: string;
  location_id: string | null;
  root_id: string | null;
  resources: string[];
  from_at: NullableTimestamp;
  to_at: NullableTimestamp;
  names: NamesWanted;
  wanted: Generated<BackfillWish>;
  workflow_id: string;
  made_by: string;
  created_at: Timestamp;
  ended_at: NullableTimestamp;
}

export interface BackfillPartTable {
  run_id: string;
  agency_id: string;
  location_id: string;
  resource: BackfillResource;
  state: Generated<BackfillPartState>;
  wanted: Generated<BackfillWish>;
  step: string | null;
  progress: JSONColumnType<Record<string, unknown>, string | undefined, string>;
  done: Generated<number>;
  total: number | null;
  active_seconds: Generated<number>;
  listed: Generated<number>;
  written: Generated<number>;
  missing: Generated<number>;
  different: Generated<number>;
  deleted: Generated<number>;
  left_to_poll: Generated<number>;
  checked: Generated<number>;
  stored: number | null;
  cause: string | null;
  started_at: NullableTimestamp;
  ended_at: NullableTimestamp;
}
