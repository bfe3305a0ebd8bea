import type { LeadChange } from './lead-change.ts';
import type { AcceptRequest, CloseRequest, ReassignRequest } from './lead-messages.ts';

/**
 * Whoever can reach Temporal can send a workflow anything. These read a message by hand (zod is too heavy for a cached
 * workflow): what has not the right shape is undefined, and never gets as far as an activity.
 */
type Raw = Record<string, unknown>;

const asRecord = (value: unknown): Raw => (typeof value === 'object' && value !== null ? (value as Raw) : {});
const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value.slice(0, 200) : undefined);

export function readReassignRequest(value: unknown): ReassignRequest | undefined {
  const raw = asRecord(value);
  const repId = asText(raw['repId']);
  if (repId === undefined) return undefined;
  const [reason, actor] = [asText(raw['reason']), asText(raw['actor'])];
  return { repId, force: raw['force'] === true, ...(reason && { reason }), ...(actor && { actor }) };
}

export function readAcceptRequest(value: unknown): AcceptRequest {
  return { actor: asText(asRecord(value)['actor']) ?? 'unknown' };
}

export function readCloseRequest(value: unknown): CloseRequest | undefined {
  const raw = asRecord(value);
  const outcome = raw['outcome'];
  if (outcome !== 'won' && outcome !== 'lost' && outcome !== 'abandoned') return undefined;
  const reason = asText(raw['reason']);
  return { outcome, actor: asText(raw['actor']) ?? 'unknown', ...(reason && { reason }) };
}

/** The texts that each kind of change carries besides its kind. */
const FIELDS: Record<LeadChange['kind'], readonly string[]> = {
  'contact-deleted': ['ghlContactId'],
  'opportunity-ended': ['ghlContactId', 'ghlOpportunityId', 'status'],
  'opportunity-deleted': ['ghlContactId', 'ghlOpportunityId'],
  'assigned-in-ghl': ['ghlContactId', 'ghlUserId'],
  'location-uninstalled': ['locationId'],
  'location-connected': [],
  'rep-unavailable': ['repId'],
};

const isTimeOrMissing = (value: unknown): boolean =>
  value === undefined || (typeof value === 'string' && !Number.isNaN(Date.parse(value)));

export function readLeadChange(value: unknown): LeadChange | undefined {
  const raw = asRecord(value);
  const kind = asText(raw['kind']);
  if (kind === undefined || !Object.hasOwn(FIELDS, kind)) return undefined;
  if (!FIELDS[kind as LeadChange['kind']].every((field) => typeof raw[field] === 'string')) return undefined;
  if (!['createdAt', 'occurredAt'].every((field) => isTimeOrMissing(raw[field]))) return undefined;
  if (kind === 'opportunity-ended' && !['won', 'lost', 'abandoned'].includes(String(raw['status']))) return undefined;
  return raw as LeadChange;
}
