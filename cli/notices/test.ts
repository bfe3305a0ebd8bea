import type { Command } from 'commander';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { listSubscriptions } from '../../db/notice-subscriptions.ts';
import { recordNotice } from '../../db/notices.ts';
import { addAgencyOption, inAgency, perform, recordAct } from '../command.ts';
import { CommandError } from '../failure.ts';
import { id, inAgencyInput } from '../inputs.ts';
import type { Answer } from '../output.ts';
import { getNamedRep } from '../reps/fields.ts';
import type { Session } from '../session.ts';

const input = z.object({ ...inAgencyInput, subscription: id, rep: id.optional() });

export function addNoticesTest(notices: Command, session: Session): void {
  const test = notices
    .command('test')
    .description('send a test to a subscription, by the way that notices take')
    .argument('<subscription>', 'its id, as notices list shows it')
    .option('--rep <rep>', 'of one that goes to reps: whose it is to be');
  addAgencyOption(test);
  perform(test, session, input, (given) => sendTest(session, given));
}

async function sendTest(session: Session, given: z.output<typeof input>): Promise<Answer> {
  const { agency: agencyId, subscription: subscriptionId } = given;
  const { ENCRYPTION_KEYS: keys } = await session.config();
  await inAgency(session, agencyId, async (tx) => {
    const found = (await listSubscriptions(tx, keys)).find((each) => each.id === subscriptionId);
    if (!found) throw new CommandError('unknown-subscription', `The agency has no subscription ${subscriptionId}.`);
    const rep = given.rep ?? found.repId;
    if (found.recipient === 'rep' && rep === null)
      throw new CommandError('rep-needed', 'It goes to whichever rep has the lead: name one by --rep.');
    await recordNotice(tx, {
      agencyId,
      locationId: found.locationId,
      repId: rep === null ? null : (await getNamedRep(tx, rep)).id,
      leadId: null,
      topic: 'notice.test',
      occurrenceKey: uuidv7(),
      occurredAt: new Date(),
      data: { subscriptionId },
    });
    const subject = `notice-subscription:${subscriptionId}`;
    await recordAct(tx, session, { agencyId, action: 'notice.test', subject });
  });
  return {
    data: { subscriptionId },
    text: 'A test is on its way; notices deliveries shows what became of it.',
  };
}
