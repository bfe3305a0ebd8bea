import type { Command } from 'commander';
import { z } from 'zod';
import { unsubscribe } from '../../db/notice-subscriptions.ts';
import { addAgencyOption, inAgency, perform, recordAct } from '../command.ts';
import { CommandError } from '../failure.ts';
import { id, inAgencyInput } from '../inputs.ts';
import type { Session } from '../session.ts';

const input = z.object({ ...inAgencyInput, subscription: id });

export function addNoticesUnsubscribe(notices: Command, session: Session): void {
  const command = notices
    .command('unsubscribe')
    .description('take a subscription away; what is on its way to it is not sent any more')
    .argument('<subscription>', 'its id, as notices list shows it');
  addAgencyOption(command);
  perform(command, session, input, async ({ agency: agencyId, subscription }) => {
    await inAgency(session, agencyId, async (tx) => {
      if (!(await unsubscribe(tx, { agencyId }, subscription)))
        throw new CommandError('unknown-subscription', `The agency has no subscription ${subscription}.`);
      const subject = `notice-subscription:${subscription}`;
      await recordAct(tx, session, { agencyId, action: 'notice.unsubscribe', subject });
    });
    return { data: { id: subscription }, text: `Taken away: ${subscription}.` };
  });
}
