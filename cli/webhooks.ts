import type { Command } from 'commander';
import type { Session } from './session.ts';
import { addWebhooksCreate } from './webhooks/create.ts';
import { addWebhooksDelete } from './webhooks/delete.ts';
import { addWebhooksDeliveries } from './webhooks/deliveries.ts';
import { addWebhooksList } from './webhooks/list.ts';
import { addWebhooksRedeliver } from './webhooks/redeliver.ts';
import { addWebhooksRotateSecret } from './webhooks/rotate-secret.ts';
import { addWebhooksSet } from './webhooks/set.ts';
import { addWebhooksShow } from './webhooks/show.ts';
import { addWebhooksSwitch } from './webhooks/switch.ts';
import { addWebhooksTest } from './webhooks/test.ts';

export function addWebhookCommands(program: Command, session: Session): void {
  const webhooks = program.command('webhooks').description('where notices are sent as signed webhooks');
  addWebhooksCreate(webhooks, session);
  addWebhooksList(webhooks, session);
  addWebhooksShow(webhooks, session);
  addWebhooksSet(webhooks, session);
  addWebhooksRotateSecret(webhooks, session);
  addWebhooksSwitch(webhooks, session, 'enabled');
  addWebhooksSwitch(webhooks, session, 'disabled');
  addWebhooksDelete(webhooks, session);
  addWebhooksTest(webhooks, session);
  addWebhooksDeliveries(webhooks, session);
  addWebhooksRedeliver(webhooks, session);
}
