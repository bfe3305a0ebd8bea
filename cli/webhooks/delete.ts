import type { Command } from 'commander';
import { z } from 'zod';
import { deleteEndpoint } from '../../db/webhook-endpoint-acts.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import type { Session } from '../session.ts';
import { actOf, ENDPOINT_ARGUMENT, ofEndpointInput, unknownEndpoint } from './endpoint.ts';

const input = z.object(ofEndpointInput);

export function addWebhooksDelete(webhooks: Command, session: Session): void {
  const remove = webhooks
    .command('delete')
    .description('remove an endpoint with its secrets; what waits is not sent')
    .argument('<endpoint>', ENDPOINT_ARGUMENT);
  addAgencyOption(remove);
  perform(remove, session, input, async ({ agency, endpoint: id }) => {
    if (!(await inAgency(session, agency, (tx) => deleteEndpoint(tx, actOf(session, agency), id))))
      throw unknownEndpoint(id);
    return { data: { id }, text: 'Deleted.' };
  });
}
