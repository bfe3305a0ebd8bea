import type { Command } from 'commander';
import { z } from 'zod';
import { updateRep } from '../../db/reps.ts';
import { lockRouting } from '../../db/routing.ts';
import { addAgencyOption, inAgency, perform, recordAct } from '../command.ts';
import { InputError } from '../failure.ts';
import { id, inAgencyInput } from '../inputs.ts';
import { type Answer, formatFields } from '../output.ts';
import type { Session } from '../session.ts';
import { addRepFieldOptions, getNamedRep, repFields, viewRep } from './fields.ts';

const input = z.object({ ...inAgencyInput, ...repFields, rep: id });

export function addRepsSet(reps: Command, session: Session): void {
  const set = reps
    .command('set')
    .description('change a rep’s share and caps; what is not named stays')
    .argument('<rep>');
  addAgencyOption(addRepFieldOptions(set));
  perform(set, session, input, (given) => setRep(session, given));
}

async function setRep(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const { agency: agencyId, rep: repId, weight, maxOpenLeads, dailyCap } = given;
  const change = {
    ...(weight !== undefined && { weight }),
    ...(maxOpenLeads !== undefined && { max_open_leads: maxOpenLeads }),
    ...(dailyCap !== undefined && { daily_cap: dailyCap }),
  };
  if (Object.keys(change).length === 0)
    throw new InputError(['Name at least one thing to change (--help lists them).']);
  const views = await inAgency(session, agencyId, async (tx) => {
    await lockRouting(tx, agencyId);
    const before = viewRep(await getNamedRep(tx, repId));
    await updateRep(tx, repId, change);
    const after = viewRep(await getNamedRep(tx, repId));
    await recordAct(tx, session, { agencyId, action: 'rep.set', subject: `rep:${repId}`, before, after });
    return { before, after };
  });
  return { data: views, text: formatFields(views.after) };
}
