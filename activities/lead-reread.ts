import { ApplicationFailure, Context } from '@temporalio/activity';
import { seal } from '../crypto/seal.ts';
import { findEvent, replaceEventBody } from '../db/events.ts';
import { findLead } from '../db/leads.ts';
import { findGhlAddress } from '../db/locations.ts';
import { withScope } from '../db/scope.ts';
import type { GhlCalls } from '../ghl/calls.ts';
import { getContact } from '../ghl/contacts.ts';
import type { StoreDeps } from './dependencies.ts';
import { talkingToGhl } from './ghl-step.ts';
import type { LeadArgs } from './lead-routing.ts';

export function createLeadReread(deps: StoreDeps & { ghl: GhlCalls }) {
  /** GHL cuts payloads above its limit: the lead's contact is read whole and takes the place of the cut body. Repeatable. */
  async function rereadContact({ agencyId, leadId }: LeadArgs): Promise<void> {
    const scope = { agencyId };
    const lead = await withScope(deps.db, scope, (tx) => findLead(tx, leadId));
    const address = lead && (await withScope(deps.db, scope, (tx) => findGhlAddress(tx, lead.intake_location_id)));
    if (!lead?.source_contact_id || !address) {
      throw ApplicationFailure.nonRetryable('the contact of the lead cannot be read', 'LeadContactUnknown');
    }
    const contactId = lead.source_contact_id;
    const call = {
      resource: { kind: 'location' as const, ...address },
      lane: 'interactive' as const,
      signal: Context.current().cancellationSignal,
    };
    const contact = await talkingToGhl(() => getContact(deps.ghl, call, contactId), 'wait');
    await withScope(deps.db, scope, async (tx) => {
      const event = await findEvent(tx, lead.event_row_id, lead.event_received_at);
      if (!event) return;
      const whole = { ...contact, type: event.type, locationId: address.ghlLocationId };
      const owner = { agencyId: event.agencyId, locationId: event.locationId, purpose: 'event-body' };
      const body = seal(deps.keys, Buffer.from(JSON.stringify(whole)), owner);
      await replaceEventBody(tx, lead.event_row_id, lead.event_received_at, body);
    });
  }

  return { rereadContact };
}
