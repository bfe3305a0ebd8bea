import type { Command } from 'commander';
import { z } from 'zod';
import { updateRep } from '../../db/reps.ts';
import { lockRouting } from '../../db/routing.ts';
import { addAgencyOption, inAgency, perform, recordAct } from '../command.ts';
import { CommandError } from '../failure.ts';
import { id, inAgencyInput } from '../inputs.ts';
import type { Answer } from '../output.ts';
import type { Session } from '../session.ts';
import { findEntryPass, getNamedRep } from './fields.ts';

const input = z.object({ ...inAgencyInput, rep: id });

export function addRepsResume(reps: Command, session: Session): void {
  const resume = reps.command('resume').description('let a suspended rep take leads again').argument('<rep>');
  addAgencyOption(resume);
  perform(resume, session, input, (given) => resumeRep(session, given.agency, given.rep));
}

async function resumeRep(session: Session, agencyId: string, repId: string): Promise<Answer> {
  return inAgency(session, agencyId, async (tx) => {
    await lockRouting(tx, agencyId);
    const rep = await getNamedRep(tx, repId);
    if (rep.status === 'removed') {
      throw new CommandError('rep-removed', 'The rep was removed in GHL; when GHL has the user again, so have we.');
    }
    if (rep.status === 'active') return { data: { id: repId, status: 'active' }, text: 'The rep takes leads already.' };
    const pass = await findEntryPass(tx, rep.location_id, rep.rotation_pass);
    await updateRep(tx, repId, { status: 'active', rotation_pass: pass });
    const acts = { before: { status: rep.status }, after: { status: 'active' } };
    await recordAct(tx, session, { agencyId, action: 'rep.resume', subject: `rep:${repId}`, ...acts });
    return { data: { id: repId, status: 'active' }, text: 'The rep takes leads again.' };
  });
}
