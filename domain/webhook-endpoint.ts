import type { Notice } from './notice.ts';

export type EndpointState = 'enabled' | 'disabled';

/** Who or what has disabled an endpoint: an operator, days of failure, or its own answer 410. */
export type DisabledReason = 'operator' | 'failing' | 'gone';

/** Each one multiplies what is sent. */
export const ENDPOINTS_PER_AGENCY = 20;

const HOUR_MS = 3_600_000;
/** How long an old secret signs beside the new one unless said otherwise. */
export const SECRET_OVERLAP_HOURS = 24;
/** A week: who has not changed it by then has forgotten. */
export const SECRET_OVERLAP_HOURS_AT_MOST = 168;

/** Until when the secret before still signs; null for no longer, where a secret has leaked. */
export const overlapEnd = (now: Date, hours: number): Date | null =>
  hours === 0 ? null : new Date(now.getTime() + hours * HOUR_MS);

/**
 * What an endpoint is told of a notice, as JSON: the same bytes at each attempt. Ids, codes and figures; who wants to know
 * more asks the API, with a credential.
 */
export function webhookBody(notice: Notice): string {
  const { id: noticeId, topic: type, agencyId, locationId, repId, leadId, occurredAt, data } = notice;
  const of = { noticeId, agencyId, locationId, repId, leadId };
  return JSON.stringify({ type, timestamp: occurredAt.toISOString(), data: { ...of, ...data } });
}
