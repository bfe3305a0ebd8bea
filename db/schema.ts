import type { Insertable, Selectable } from 'kysely';
import type { BackfillPartTable, BackfillRunTable } from './schema/backfill.ts';
import type {
  ConflictPolicyTable,
  ContactEditTable,
  ContactKeyTable,
  ContactMergeTable,
  FieldMappingTable,
} from './schema/contacts.ts';
import type { ConnectLinkTable, CredentialRotationTable } from './schema/connecting.ts';
import type {
  EventCapabilityTable,
  EventKeyTable,
  EventTable,
  RefusedDeliveryCountTable,
  RefusedDeliveryTable,
} from './schema/events.ts';
import type {
  AssignmentTable,
  DeadLetterTable,
  DecisionTable,
  LeadKeyTable,
  LeadTable,
  LeadTimelineTable,
  PersonTable,
} from './schema/leads.ts';
import type { ContactTable, MessageTable, MirrorRecordTable } from './schema/mirror.ts';
import type { HeardTopicTable, NoticeDeliveryTable, NoticeSubscriptionTable, NoticeTable } from './schema/notices.ts';
import type {
  AuditHeadTable,
  AuditLogTable,
  EncryptionKeyVersionTable,
  GhlBreakerTable,
  GhlBudgetTable,
  OperatorCredentialTable,
} from './schema/operations.ts';
import type { DroppedMonthTable, UpkeepFigureTable } from './schema/retention.ts';
import type {
  DriftReportTable,
  PollPassTable,
  PollSettingTable,
  SweepPageTable,
  WebhookGapTable,
} from './schema/polling.ts';
import type {
  AgencyTable,
  ApiKeyTable,
  InstallTable,
  LeadTriggerStateTable,
  LeadTriggerTable,
  LocationTable,
  RepTable,
} from './schema/tenants.ts';
import type { WebhookEndpointTable } from './schema/webhooks.ts';

/** The tables as the migrations leave them; a test holds this against the live database. */
export interface Database {
  agencies: AgencyTable;
  locations: LocationTable;
  reps: RepTable;
  api_keys: ApiKeyTable;
  installs: InstallTable;
  lead_triggers: LeadTriggerTable;
  lead_trigger_states: LeadTriggerStateTable;
  events: EventTable;
  event_keys: EventKeyTable;
  event_capabilities: EventCapabilityTable;
  refused_deliveries: RefusedDeliveryTable;
  refused_delivery_counts: RefusedDeliveryCountTable;
  persons: PersonTable;
  leads: LeadTable;
  lead_keys: LeadKeyTable;
  decisions: DecisionTable;
  assignments: AssignmentTable;
  lead_timeline: LeadTimelineTable;
  dead_letters: DeadLetterTable;
  audit_log: AuditLogTable;
  audit_heads: AuditHeadTable;
  ghl_budgets: GhlBudgetTable;
  ghl_breakers: GhlBreakerTable;
  operator_credentials: OperatorCredentialTable;
  encryption_key_versions: EncryptionKeyVersionTable;
  connect_links: ConnectLinkTable;
  credential_rotations: CredentialRotationTable;
  contacts: ContactTable;
  messages: MessageTable;
  mirror_records: MirrorRecordTable;
  backfill_runs: BackfillRunTable;
  backfill_parts: BackfillPartTable;
  poll_passes: PollPassTable;
  sweep_pages: SweepPageTable;
  webhook_gaps: WebhookGapTable;
  drift_reports: DriftReportTable;
  poll_settings: PollSettingTable;
  contact_edits: ContactEditTable;
  contact_keys: ContactKeyTable;
  conflict_policies: ConflictPolicyTable;
  contact_merges: ContactMergeTable;
  field_mappings: FieldMappingTable;
  dropped_months: DroppedMonthTable;
  upkeep_figures: UpkeepFigureTable;
  notice_subscriptions: NoticeSubscriptionTable;
  heard_topics: HeardTopicTable;
  notices: NoticeTable;
  notice_deliveries: NoticeDeliveryTable;
  webhook_endpoints: WebhookEndpointTable;
}

export type Location = Selectable<LocationTable>;
export type NewLocation = Insertable<LocationTable>;
export type Rep = Selectable<RepTable>;
export type Lead = Selectable<LeadTable>;

export type Assignment = Selectable<AssignmentTable>;
export type Decision = Selectable<DecisionTable>;
