import type { Generated } from 'kysely';
import type { DeliveryState, NoticeChannel, NoticeRecipient } from '../../domain/notice.ts';
import type { Json, NullableTimestamp, Timestamp } from './columns.ts';

export interface NoticeSubscriptionTable {
  id: string;
  agency_id: string;
  location_id: string | null;
  rep_id: string | null;
  topics: string[];
  channel: NoticeChannel;
  recipient: NoticeRecipient;
  address: Buffer | null;
  endpoint_id: string | null;
  muted_at: NullableTimestamp;
  made_by: string;
  created_at: Timestamp;
}

export interface HeardTopicTable {
  agency_id: string;
  topic: string;
}

export interface NoticeTable {
  id: string;
  agency_id: string;
  location_id: string | null;
  rep_id: string | null;
  lead_id: string | null;
  topic: string;
  occurrence_key: string;
  occurred_at: Date;
  data: Json;
  planned_at: NullableTimestamp;
}

export interface NoticeDeliveryTable {
  id: string;
  agency_id: string;
  location_id: string | null;
  notice_id: string;
  topic: string;
  channel: NoticeChannel;
  recipient: string;
  address: Buffer | null;
  state: DeliveryState;
  attempts: Generated<number>;
  reason: string | null;
  gathered_into: string | null;
  created_at: Timestamp;
  tried_at: NullableTimestamp;
  tried_by: string | null;
  ended_at: NullableTimestamp;
}
