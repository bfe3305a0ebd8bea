import type { Command } from 'commander';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { tellLeads } from '../../db/lead-follow-up.ts';
import { listOpenLeadIds } from '../../db/leads.ts';
import { updateRep } from '../../db/reps.ts';
import { lockRouting } from '../../db/routing.ts';
import { addAgencyOption, inAgency, perform, recordAct } from '../command.ts';
import { CommandError } from '../failure.ts';
import { id, inAgencyInput } from '../inputs.ts';
import type { Answer } from '../output.ts';
import type { Session } from '../session.ts';
import { getNamedRep } from './fields.ts';

const input = z.object({ ...inAgencyInput, rep: id });

export function addRepsSuspend(reps: Command, session: Session): void {
  const suspend = reps
    .command('suspend')
    .description('give a rep no more leads, and route their open ones again')
    .argument('<rep>');
  addAgencyOption(suspend);
  perform(suspend, session, input, (given) => suspendRep(session, given.agency, given.rep));
}

async function suspendRep(session: Session, agencyId: string, repId: string): Promise<Answer> {
  const now = session.terminal.now();
  return inAgency(session, agencyId, async (tx) => {
    // A decision that is being made gives its lead first, so that the list below is whole.
    await lockRouting(tx, agencyId);
    const rep = await getNamedRep(tx, repId);
    if (rep.status === 'removed') throw new CommandError('rep-removed', 'The rep was removed in GHL.');
    if (rep.status === 'suspended')
      return { data: { id: repId, reroutedLeads: 0 }, text: 'The rep is suspended already.' };
    await updateRep(tx, repId, { status: 'suspended' });
    const leadIds = await listOpenLeadIds(tx, { repId });
    const cause = { agencyId, causeId: uuidv7(), now };
    await tellLeads(tx, cause, rep.location_id, leadIds, { kind: 'rep-unavailable', repId });
    const acts = { before: { status: rep.status }, after: { status: 'suspended', reroutedLeads: leadIds.length } };
    await recordAct(tx, session, { agencyId, action: 'rep.suspend', subject: `rep:${repId}`, ...acts });
    const text = `Suspended. Open leads that are routed again: ${leadIds.length}.`;
    return { data: { id: repId, reroutedLeads: leadIds.length }, text };
  });
}
