import { type Transaction, sql } from 'kysely';
import { v5 as uuidv5 } from 'uuid';
import type { InstallPurpose } from '../domain/ghl-scopes.ts';
import { audit } from './audit-log.ts';
import { addDeadLetter, resolveDeadLetters } from './dead-letters.ts';
import { tellLeads } from './lead-follow-up.ts';
import { recordNotice } from './notices.ts';
import type { Database } from './schema.ts';

interface InstallRow {
  id: string;
  agency_id: string;
  location_id: string | null;
  purpose: InstallPurpose;
}

const CAUSE = 'needs-reauth:';

/** Locations that come back together tell a lead together: a reconnected agency brings hundreds within a minute. */
const TELL_TOGETHER_MS = 5_000;

/** Puts an install whose authority is gone before an operator: only a person can connect it again. */
export async function reportDeadInstall(tx: Transaction<Database>, install: InstallRow, reason: string): Promise<void> {
  const { id, agency_id: agencyId, location_id: locationId, purpose } = install;
  const way =
    locationId === null
      ? `\`agency connect${purpose === 'provisioning' ? ' --provisioning' : ''}\``
      : `\`agency connect\`, or \`credentials rotate --location ${locationId}\` with a private integration token`;
  await addDeadLetter(tx, {
    agencyId,
    locationId,
    capability: 'account-sync',
    cause: `${CAUSE}${reason}`,
    advice: `GHL does not accept this authority any more (${reason}): connect it again by ${way}. Leads go to the fallback meanwhile, what waits for GHL waits, and all of it goes on by itself then.`,
    subject: { kind: 'install', id },
    workflowId: null,
  });
  await audit(tx, {
    agencyId,
    actor: 'system',
    action: 'install.needs-reauth',
    subject: `install:${id}`,
    after: { locationId, purpose, reason },
    origin: 'workflow',
  });
  const occurredAt = new Date();
  await recordNotice(tx, {
    agencyId,
    locationId,
    repId: null,
    leadId: null,
    topic: 'install.needs-reauth',
    occurrenceKey: `${id}:${occurredAt.toISOString()}`,
    occurredAt,
    data: { installId: id, purpose, reason },
  });
}

/**
 * An install that was of no use works again: its letters are settled, and leads that wait in a queue because its
 * location could not be called are told, each of which finds out whether somebody can take it now.
 */
export async function settleDeadInstall(tx: Transaction<Database>, install: InstallRow, now: Date): Promise<void> {
  const { id, agency_id: agencyId, location_id: locationId } = install;
  await resolveDeadLetters(tx, { subjectId: id, causePrefix: CAUSE }, 'connected again', now);
  if (install.purpose === 'provisioning') return;
  const leadIds = await listLeadsQueuedFor(tx, locationId);
  if (leadIds.length === 0) return;
  const period = Math.ceil(now.getTime() / TELL_TOGETHER_MS) * TELL_TOGETHER_MS;
  const cause = { agencyId, causeId: uuidv5(`connected ${period}`, agencyId), now: new Date(period) };
  await tellLeads(tx, cause, null, leadIds, { kind: 'location-connected' });
}

/** Leads in a queue in whose latest decision the location, or any, could not be called. */
async function listLeadsQueuedFor(tx: Transaction<Database>, locationId: string | null): Promise<string[]> {
  const found = await sql<{ id: string }>`
    select l.id from leads l cross join lateral (
      select d.candidates from decisions d where d.lead_id = l.id order by d.decided_at desc limit 1
    ) latest
    where l.state = 'queued' and exists (
      select from jsonb_array_elements(latest.candidates) candidate
      where candidate ->> 'reason' = 'not-installed'
        and (${locationId}::text is null or candidate ->> 'locationId' = ${locationId}::text))
    order by l.received_at
  `.execute(tx);
  return found.rows.map(({ id }) => id);
}
