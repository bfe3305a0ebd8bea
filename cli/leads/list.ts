import type { Command } from 'commander';
import { z } from 'zod';
import { listLeads } from '../../db/leads.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { id, inAgencyInput, limit } from '../inputs.ts';
import { getNamedLocation, locationReference } from '../locations/reference.ts';
import { type Answer, formatTable } from '../output.ts';
import type { Session } from '../session.ts';
import { viewLead } from './view.ts';

const states = ['received', 'routing', 'assigned', 'accepted', 'queued', 'closed'] as const;

const input = z.object({
  ...inAgencyInput,
  state: z.enum(states, `wanted is one of ${states.join(', ')}`).optional(),
  location: locationReference.optional(),
  rep: id.optional(),
  limit,
});

export function addLeadsList(leads: Command, session: Session): void {
  const list = leads
    .command('list')
    .description('the newest leads first')
    .option('--state <state>', `one of ${states.join(', ')}`)
    .option('--location <location>', 'assigned there: our id or GHL’s')
    .option('--rep <id>', 'assigned to them')
    .option('--limit <n>', 'how many', '50');
  addAgencyOption(list);
  perform(list, session, input, (given) => showLeads(session, given));
}

async function showLeads(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const leads = await inAgency(session, given.agency, async (tx) => {
    const locationId = given.location === undefined ? undefined : (await getNamedLocation(tx, given.location)).id;
    const filter = { state: given.state, locationId, repId: given.rep };
    return (await listLeads(tx, filter, { after: undefined, limit: given.limit })).map(viewLead);
  });
  const rows = leads.map((lead) => [
    lead.receivedAt,
    lead.state,
    lead.closeReason,
    lead.locationId,
    lead.repId,
    lead.id,
  ]);
  const headings = ['received', 'state', 'reason', 'location', 'rep', 'id'];
  return { data: leads, text: formatTable(headings, rows, 'There are no such leads.') };
}
