import type { Command } from 'commander';
import { z } from 'zod';
import { listWebhookDeliveries } from '../../db/webhook-deliveries.ts';
import { findEndpoint } from '../../db/webhook-endpoints.ts';
import { DELIVERY_STATES } from '../../domain/notice.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { id, limit } from '../inputs.ts';
import { formatTable } from '../output.ts';
import type { Session } from '../session.ts';
import { ENDPOINT_ARGUMENT, ofEndpointInput, unknownEndpoint } from './endpoint.ts';

const input = z.object({
  ...ofEndpointInput,
  state: z.enum(DELIVERY_STATES).optional(),
  limit,
  before: id.optional(),
});

export function addWebhooksDeliveries(webhooks: Command, session: Session): void {
  const list = webhooks
    .command('deliveries')
    .description('what was sent to an endpoint and what came of it, newest first')
    .argument('<endpoint>', ENDPOINT_ARGUMENT)
    .option('--state <state>', DELIVERY_STATES.join(', '))
    .option('--limit <n>', 'how many', '50')
    .option('--before <delivery>', 'the last one of the page before');
  addAgencyOption(list);
  perform(list, session, input, async (given) => {
    const { agency, endpoint: endpointId, state } = given;
    const deliveries = await inAgency(session, agency, async (tx) => {
      if (!(await findEndpoint(tx, endpointId))) throw unknownEndpoint(endpointId);
      return listWebhookDeliveries(tx, endpointId, { state }, { before: given.before, limit: given.limit });
    });
    const rows = deliveries.map((each) => [
      each.id,
      each.topic,
      each.state,
      each.attempts,
      each.reason,
      each.createdAt,
      each.triedAt,
      each.endedAt,
    ]);
    const headings = ['id', 'topic', 'state', 'attempts', 'result', 'made', 'tried', 'ended'];
    return { data: deliveries, text: formatTable(headings, rows, 'There are none.') };
  });
}
