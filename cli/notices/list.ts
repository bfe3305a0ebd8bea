import type { Command } from 'commander';
import { z } from 'zod';
import { listSubscriptions } from '../../db/notice-subscriptions.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { inAgencyInput } from '../inputs.ts';
import type { Session } from '../session.ts';
import { formatSubscriptions, viewSubscription } from './view.ts';

export function addNoticesList(notices: Command, session: Session): void {
  const list = notices.command('list').description('who hears of what');
  addAgencyOption(list);
  perform(list, session, z.object(inAgencyInput), async ({ agency }) => {
    const { ENCRYPTION_KEYS: keys } = await session.config();
    const subscriptions = await inAgency(session, agency, (tx) => listSubscriptions(tx, keys));
    return { data: subscriptions.map(viewSubscription), text: formatSubscriptions(subscriptions) };
  });
}
