import type { ColumnType } from 'kysely';
import type { DisabledReason, EndpointState } from '../../domain/webhook-endpoint.ts';
import type { NullableTimestamp } from './columns.ts';

export interface WebhookEndpointTable {
  id: string;
  agency_id: string;
  url: string;
  description: string;
  secret: Buffer;
  previous_secret: Buffer | null;
  previous_secret_until: NullableTimestamp;
  state: ColumnType<EndpointState, EndpointState | undefined, EndpointState>;
  disabled_reason: DisabledReason | null;
  disabled_at: NullableTimestamp;
  failing_since: NullableTimestamp;
  succeeded_at: NullableTimestamp;
  quiet_until: NullableTimestamp;
  made_by: string;
  created_at: Date;
}
