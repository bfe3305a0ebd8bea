import type { Command } from 'commander';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { id, inAgencyInput } from '../inputs.ts';
import { type Answer, formatFields } from '../output.ts';
import type { Session } from '../session.ts';
import { getNamedLead, reasonCode } from './view.ts';

const input = z.object({
  ...inAgencyInput,
  lead: id,
  outcome: z.enum(['won', 'lost', 'abandoned'], 'wanted is won, lost or abandoned'),
  reason: reasonCode.optional(),
});

export function addLeadsClose(leads: Command, session: Session): void {
  const close = leads
    .command('close')
    .description('end a lead')
    .argument('<lead>', 'the lead’s id')
    .requiredOption('--outcome <outcome>', 'won, lost or abandoned')
    .option('--reason <code>', 'why, in a code word such as no-answer');
  addAgencyOption(close);
  perform(close, session, input, (given) => closeLead(session, given));
}

/** The workflow does and audits it, under our name. */
async function closeLead(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const { agency: agencyId, lead: leadId, outcome, reason } = given;
  await inAgency(session, agencyId, (tx) => getNamedLead(tx, leadId));
  const client = await session.client();
  const request = { outcome, actor: session.actor, ...(reason !== undefined && { reason }) };
  const standing = await client.closeLead({ agencyId, leadId, request, updateId: uuidv7() });
  return { data: standing, text: `Closed.\n${formatFields({ ...standing })}` };
}
