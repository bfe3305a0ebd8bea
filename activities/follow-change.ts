import type { Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { NewWork } from '../db/event-capabilities.ts';
import { type EventTimes, planEvents } from '../db/event-plans.ts';
import { createLead } from '../db/lead-intake.ts';
import { leadChangeWork, leadStartWork } from '../db/lead-work.ts';
import type { Database } from '../db/schema.ts';
import type { IntakeAccount } from '../db/tenants.ts';
import type { ContactFacts, OpportunityFacts } from '../domain/event-plan.ts';

/**
 * Does what a change of a contact or opportunity asks for, however it became known: triggers see it, and the lead that it
 * makes is made, once by its key.
 * @param by the stored event that tells of it, or is to
 * @returns what it asks of workflows, due at once, for the caller to put in the inbox in the same transaction
 */
export async function followChange(
  tx: Transaction<Database>,
  facts: ContactFacts | OpportunityFacts,
  account: IntakeAccount,
  by: EventTimes & { rowId: string; source: 'ghl' | 'poll'; now: Date },
): Promise<NewWork[]> {
  const { agencyId, locationId } = account;
  const { rowId, receivedAt, observedAt, source, now } = by;
  const [plan] = await planEvents(tx, [{ facts, account, times: { receivedAt, observedAt } }]);
  const cause = { agencyId, causeId: rowId, locationId };
  const work = plan!.changes.map(({ leadId, change }) => leadChangeWork(cause, leadId, change));
  if (plan?.lead) {
    const { key, triggerName, sourceContactId } = plan.lead;
    const id = uuidv7();
    const of = { agencyId, intakeLocationId: locationId, eventRowId: rowId, eventReceivedAt: receivedAt };
    const isNew = await createLead(tx, key, { ...of, id, source, triggerName, sourceContactId });
    if (isNew) work.push(leadStartWork(cause, id, source));
  }
  return work.map((each) => ({ ...each, dueAt: now }));
}
