import type { Command } from 'commander';
import { addNoticesDeliveries } from './notices/deliveries.ts';
import { addNoticesList } from './notices/list.ts';
import { addNoticesMute } from './notices/mute.ts';
import { addNoticesSubscribe } from './notices/subscribe.ts';
import { addNoticesTest } from './notices/test.ts';
import { addNoticesUnsubscribe } from './notices/unsubscribe.ts';
import type { Session } from './session.ts';

export function addNoticeCommands(program: Command, session: Session): void {
  const notices = program.command('notices').description('who hears of what, and how it was delivered');
  addNoticesSubscribe(notices, session);
  addNoticesList(notices, session);
  addNoticesUnsubscribe(notices, session);
  addNoticesMute(notices, session);
  addNoticesTest(notices, session);
  addNoticesDeliveries(notices, session);
}
