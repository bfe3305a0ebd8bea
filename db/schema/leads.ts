import type { JSONColumnType } from 'kysely';
import type { Json, NullableTimestamp, Timestamp } from './columns.ts';
import type { EventSource } from './events.ts';

export interface PersonTable {
  id: string;
  agency_id: string;
  first_name: string | null;
  last_name: string | null;
  email: string | null;
  phone: string | null;
  created_at: Timestamp;
  updated_at: Timestamp;
}

export type LeadState = 'received' | 'routing' | 'assigned' | 'accepted' | 'queued' | 'closed';

export interface LeadTable {
  id: string;
  agency_id: string;
  intake_location_id: string;
  location_id: string | null;
  rep_id: string | null;
  person_id: string | null;
  state: LeadState;
  close_reason: string | null;
  duplicate_of: string | null;
  source: EventSource;
  trigger_name: string | null;
  event_row_id: string;
  event_received_at: Date;
  source_contact_id: string | null;
  vertical: string | null;
  postcode: string | null;
  postcode_reason: 'ok' | 'missing' | 'malformed' | 'unknown' | null;
  country: string | null;
  requested_location_id: string | null;
  score: number | null;
  score_factors: JSONColumnType<unknown[] | null, string | null | undefined, string | null>;
  received_at: Timestamp;
  assigned_at: NullableTimestamp;
  accepted_at: NullableTimestamp;
  closed_at: NullableTimestamp;
  expires_at: NullableTimestamp;
}

export interface LeadKeyTable {
  agency_id: string;
  key: string;
  lead_id: string;
  created_at: Timestamp;
}

export interface DecisionTable {
  id: string;
  decided_at: Timestamp;
  agency_id: string;
  lead_id: string;
  location_id: string;
  rep_id: string | null;
  kind: 'route' | 'reroute' | 'reassign' | 'ghl-reassign';
  outcome: 'assigned' | 'queued';
  step: string;
  reason: string;
  rule_version: string;
  inputs: Json;
  candidates: JSONColumnType<unknown[]>;
}

export interface AssignmentTable {
  id: string;
  agency_id: string;
  lead_id: string;
  location_id: string;
  rep_id: string | null;
  decision_id: string;
  state: 'reserved' | 'active' | 'released';
  ghl_contact_id: string | null;
  ghl_note_id: string | null;
  ghl_task_id: string | null;
  ghl_opportunity_id: string | null;
  reserved_at: Timestamp;
  assigned_at: NullableTimestamp;
  accepted_at: NullableTimestamp;
  first_touch_at: NullableTimestamp;
  released_at: NullableTimestamp;
  release_reason: string | null;
}

export interface LeadTimelineTable {
  id: string;
  at: Timestamp;
  agency_id: string;
  lead_id: string;
  kind: string;
  detail: Json;
}

export interface DeadLetterTable {
  id: string;
  created_at: Timestamp;
  agency_id: string | null;
  location_id: string | null;
  capability: string;
  cause: string;
  advice: string;
  subject_kind: string;
  subject_id: string;
  workflow_id: string | null;
  resolved_at: NullableTimestamp;
  resolution: string | null;
  /** What an operator wrote who discarded it. */
  discard_reason: string | null;
  reason_removed_at: NullableTimestamp;
}
