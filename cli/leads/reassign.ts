import type { Command } from 'commander';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { id, inAgencyInput } from '../inputs.ts';
import { type Answer, formatFields } from '../output.ts';
import { getNamedRep } from '../reps/fields.ts';
import type { Session } from '../session.ts';
import { getNamedLead, reasonCode } from './view.ts';

const input = z.object({
  ...inAgencyInput,
  lead: id,
  rep: id,
  reason: reasonCode.optional(),
  force: z.boolean().default(false),
});

export function addLeadsReassign(leads: Command, session: Session): void {
  const reassign = leads
    .command('reassign')
    .description('hand a lead to another rep, and wait until GHL shows it')
    .argument('<lead>', 'the lead’s id')
    .requiredOption('--rep <id>', 'who takes it')
    .option('--reason <code>', 'why, in a code word such as on-holiday')
    .option('--force', 'over the caps of rep and location');
  addAgencyOption(reassign);
  perform(reassign, session, input, (given) => reassignLead(session, given));
}

/** The workflow decides, does and audits it, under our name: whoever asks, it is one act. */
async function reassignLead(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const { agency: agencyId, lead: leadId, rep: repId, reason, force } = given;
  await inAgency(session, agencyId, async (tx) => {
    await getNamedLead(tx, leadId);
    await getNamedRep(tx, repId);
  });
  const client = await session.client();
  const request = { repId, force, actor: session.actor, ...(reason !== undefined && { reason }) };
  const standing = await client.reassignLead({ agencyId, leadId, request, updateId: uuidv7() });
  return { data: standing, text: `Reassigned.\n${formatFields({ ...standing })}` };
}
