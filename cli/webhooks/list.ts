import type { Command } from 'commander';
import { z } from 'zod';
import { listEndpoints, type WebhookEndpoint } from '../../db/webhook-endpoints.ts';
import { NOTICE_TOPICS } from '../../domain/notice.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { inAgencyInput } from '../inputs.ts';
import { formatTable } from '../output.ts';
import type { Session } from '../session.ts';

const input = z.object(inAgencyInput);

export function addWebhooksList(webhooks: Command, session: Session): void {
  const list = webhooks.command('list').description('the endpoints of the agency and how they do');
  addAgencyOption(list);
  perform(list, session, input, async ({ agency }) => {
    const endpoints = await inAgency(session, agency, listEndpoints);
    const rows = endpoints.map((each) => [
      each.id,
      new URL(each.url).host,
      describeState(each),
      describeTopics(each),
      each.failingSince,
      each.succeededAt,
      each.description,
    ]);
    const headings = ['id', 'host', 'state', 'hears of', 'failing since', 'last success', 'description'];
    return { data: endpoints, text: formatTable(headings, rows, 'There are none: webhooks create.') };
  });
}

/** In one word or two. */
export const describeState = ({ state, disabledReason }: WebhookEndpoint): string =>
  disabledReason === null ? state : `${state} (${disabledReason})`;

/** What an endpoint hears of, and of where. */
export const describeTopics = ({ subscriptions }: WebhookEndpoint): string =>
  subscriptions
    .map(({ locationId, topics }) => {
      const what = topics.length === NOTICE_TOPICS.length ? 'all' : topics.join(', ');
      return locationId === null ? what : `${what} below ${locationId}`;
    })
    .join('; ');
