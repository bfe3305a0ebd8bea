import type { Command } from 'commander';
import { z } from 'zod';
import { updateRep } from '../../db/reps.ts';
import { addAgencyOption, inAgency, perform, recordAct } from '../command.ts';
import { id, inAgencyInput } from '../inputs.ts';
import { getNamedRep } from '../reps/fields.ts';
import type { Session } from '../session.ts';

const input = z.object({ ...inAgencyInput, rep: id, off: z.boolean().default(false) });

export function addNoticesMute(notices: Command, session: Session): void {
  const mute = notices
    .command('mute')
    .description('send a rep nothing as the rep of a lead; what their address has subscribed to itself still comes')
    .argument('<rep>', 'the rep’s id')
    .option('--off', 'let notices come again');
  addAgencyOption(mute);
  perform(mute, session, input, async ({ agency: agencyId, rep, off }) => {
    await inAgency(session, agencyId, async (tx) => {
      await getNamedRep(tx, rep);
      await updateRep(tx, rep, { notices_muted_at: off ? null : new Date() });
      const action = off ? 'notice.unmute' : 'notice.mute';
      await recordAct(tx, session, { agencyId, action, subject: `rep:${rep}` });
    });
    return { data: { rep, isMuted: !off }, text: off ? `Notices come to ${rep} again.` : `No notices go to ${rep}.` };
  });
}
