import type { Command } from 'commander';
import { z } from 'zod';
import { muteSubscription } from '../../db/notice-subscriptions.ts';
import { updateRep } from '../../db/reps.ts';
import { addAgencyOption, inAgency, perform, recordAct } from '../command.ts';
import { CommandError } from '../failure.ts';
import { id, inAgencyInput } from '../inputs.ts';
import type { Session } from '../session.ts';

const input = z.object({ ...inAgencyInput, whom: id, off: z.boolean().default(false) });

export function addNoticesMute(notices: Command, session: Session): void {
  const mute = notices
    .command('mute')
    .description(
      'send nothing to a subscription, or to a rep as the rep of a lead; what their address has subscribed to itself still comes',
    )
    .argument('<whom>', 'the id of the rep or of the subscription')
    .option('--off', 'let notices come again');
  addAgencyOption(mute);
  perform(mute, session, input, async ({ agency: agencyId, whom, off }) => {
    const mutedAt = off ? null : session.terminal.now();
    const kind = await inAgency(session, agencyId, async (tx) => {
      const found = (await updateRep(tx, whom, { notices_muted_at: mutedAt }))
        ? ('rep' as const)
        : (await muteSubscription(tx, whom, mutedAt)) && ('subscription' as const);
      if (!found) {
        const where = 'reps list and notices list show them.';
        throw new CommandError('unknown-recipient', `The agency has no rep and no subscription ${whom}. ${where}`);
      }
      const subject = found === 'rep' ? `rep:${whom}` : `notice-subscription:${whom}`;
      await recordAct(tx, session, { agencyId, action: off ? 'notice.unmute' : 'notice.mute', subject });
      return found;
    });
    const text = off ? `Notices go to the ${kind} ${whom} again.` : `No notices go to the ${kind} ${whom}.`;
    return { data: { kind, id: whom, isMuted: !off }, text };
  });
}
