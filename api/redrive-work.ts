import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import { z } from 'zod';
import { bringLeadBack, type LeadReviver, type SwitchyardClient } from '../client.ts';
import type { KeyProvider } from '../crypto/key-ring.ts';
import { unseal } from '../crypto/seal.ts';
import { resolveRedriven } from '../db/dead-letters.ts';
import { redriveLeadWork, type Work } from '../db/event-capabilities.ts';
import { findEvent } from '../db/events.ts';
import { findLead } from '../db/leads.ts';
import type { RedriveWork } from '../db/redrive-work.ts';
import type { Database } from '../db/schema.ts';
import { withScope, withSystemRole } from '../db/scope.ts';
import { leadIntakeWorkflowId } from '../domain/workflow-ids.ts';
import type { EventIntake } from './event-intake.ts';
import { keyOfId } from './event-key.ts';
import { readGhlDelivery } from './ghl-delivery.ts';
import { takeGhlDelivery } from './ghl-intake.ts';
import { takeWorkflowWebhook } from './webhooks-ghl-workflow.ts';

export interface RedriveDeps {
  db: Kysely<Database>;
  keys: KeyProvider;
  client: LeadReviver & Pick<SwitchyardClient, 'startFieldCheck'>;
  intake: EventIntake;
  logger: Logger;
}

const schema: z.ZodType<RedriveWork> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('lead'), leadId: z.string() }),
  z.object({ kind: z.literal('event'), rowId: z.string(), receivedAt: z.string() }),
  z.object({ kind: z.literal('fields'), locationId: z.string(), requestId: z.string() }),
]);

/** Whether work is an operator's redrive, which needs more than Temporal. */
export const isRedrive = ({ input }: Pick<Work, 'input'>): boolean => 'redrive' in input;

/**
 * Does what a redrive left in the inbox. Repeatable.
 * @throws TemporalUnavailableError; ZodError when the stored input is no redrive; what Postgres throws
 */
export async function carryOutRedrive(deps: RedriveDeps, { agencyId, input }: Work): Promise<void> {
  const work = schema.parse(input['redrive']);
  switch (work.kind) {
    case 'lead':
      return reviveLead(deps, { agencyId, leadId: work.leadId });
    case 'event':
      return readAgain(deps, agencyId, work.rowId, new Date(work.receivedAt));
    case 'fields':
      return deps.client.startFieldCheck({ agencyId, locationId: work.locationId, requestId: work.requestId });
  }
}

/** What was buried of it follows its workflow in its old order, and what was put before an operator meanwhile is settled. */
async function reviveLead({ db, client }: RedriveDeps, lead: { agencyId: string; leadId: string }): Promise<void> {
  const { agencyId, leadId } = lead;
  await bringLeadBack(client, lead, () => withScope(db, { agencyId }, (tx) => findLead(tx, leadId)));
  await withSystemRole(db, 'relay', (tx) => redriveLeadWork(tx, lead));
  await withScope(db, { agencyId }, (tx) => resolveRedriven(tx, leadIntakeWorkflowId(agencyId, leadId)));
}

/** Takes a kept body in as if it had just come. The new event is one for ever; should it be unreadable still, it says so. */
async function readAgain(
  { db, keys, intake, logger }: RedriveDeps,
  agencyId: string,
  rowId: string,
  receivedAt: Date,
): Promise<void> {
  const event = await withScope(db, { agencyId }, (tx) => findEvent(tx, rowId, receivedAt));
  if (!event?.body) {
    logger.error(
      { alert: 'dead-letter-lost', eventId: rowId },
      'the body of an event was trimmed before it was read again',
    );
    return;
  }
  const { locationId } = event;
  const body = unseal(keys, event.body, { agencyId: event.agencyId, locationId, purpose: 'event-body' });
  const key = keyOfId(`again:${rowId}`);
  if (event.source === 'ghl-workflow') await takeWorkflowWebhook(intake, { agencyId, locationId }, body, key);
  else await takeGhlDelivery(intake, { ...readGhlDelivery(body, {}), key }, body);
}
