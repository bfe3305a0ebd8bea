import type { Command } from 'commander';
import { z } from 'zod';
import { mailOf } from '../../config.ts';
import { subscribe } from '../../db/notice-subscriptions.ts';
import { NOTICE_TOPICS } from '../../domain/notice.ts';
import { mailTargetSchema, topicsSchema } from '../../domain/notice-subscription-schema.ts';
import { addAgencyOption, inAgency, perform, recordAct } from '../command.ts';
import { id, inAgencyInput } from '../inputs.ts';
import { getNamedLocation, locationReference } from '../locations/reference.ts';
import type { Answer } from '../output.ts';
import { getNamedRep } from '../reps/fields.ts';
import type { Session } from '../session.ts';
import { viewSubscription } from './view.ts';

const input = z
  .object({
    ...inAgencyInput,
    to: mailTargetSchema,
    topic: z
      .array(z.string())
      .transform((typed) => (typed.includes('all') ? 'all' : typed))
      .pipe(topicsSchema),
    location: locationReference.optional(),
    rep: id.optional(),
  })
  .refine(({ location, rep }) => location === undefined || rep === undefined, {
    path: ['rep'],
    message: 'a rep has a location: name one of the two',
  });

export function addNoticesSubscribe(notices: Command, session: Session): void {
  const command = notices
    .command('subscribe')
    .description('let somebody hear by e-mail; asked for again it adds topics')
    .argument('<to>', 'an e-mail address, or rep: whoever the lead is with, by their address in GHL')
    .requiredOption('--topic <topic...>', `all, or ${NOTICE_TOPICS.join(', ')}`)
    .option('--location <location>', 'of this location and all below it (default: of the whole agency)')
    .option('--rep <rep>', 'of what concerns this rep');
  addAgencyOption(command);
  perform(command, session, input, (given) => addSubscription(session, given));
}

async function addSubscription(session: Session, given: z.output<typeof input>): Promise<Answer> {
  const { agency: agencyId, to, topic: topics, rep } = given;
  const { ENCRYPTION_KEYS: keys, ...config } = await session.config();
  const made = await inAgency(session, agencyId, async (tx) => {
    const repRow = rep === undefined ? undefined : await getNamedRep(tx, rep);
    const location = given.location === undefined ? undefined : await getNamedLocation(tx, given.location);
    const result = await subscribe(tx, keys, {
      agencyId,
      locationId: repRow?.location_id ?? location?.id ?? null,
      repId: repRow?.id ?? null,
      topics,
      channel: 'email',
      recipient: 'rep' in to ? 'rep' : 'address',
      address: 'rep' in to ? null : to.address,
      endpointId: null,
      madeBy: session.actor,
    });
    const { id: subscriptionId, locationId, repId, channel, recipient } = result.subscription;
    const after = { locationId, repId, channel, recipient, topics: result.subscription.topics };
    const subject = `notice-subscription:${subscriptionId}`;
    await recordAct(tx, session, { agencyId, action: 'notice.subscribe', subject, after });
    return result;
  });
  const isChannelOn = mailOf(config) !== null;
  const view = viewSubscription(made.subscription);
  const what = `${view.to} hears of ${view.topics.join(', ')} (${view.of}); subscription ${view.id}.`;
  const off = 'No mail server is set (SMTP_URL, NOTICE_MAIL_FROM): as long as the worker has none, nothing is sent.';
  return { data: { ...view, isNew: made.isNew, isChannelOn }, text: isChannelOn ? what : `${what}\n${off}` };
}
