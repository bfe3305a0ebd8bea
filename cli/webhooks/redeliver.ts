import type { Command } from 'commander';
import { z } from 'zod';
import { redeliverToEndpoint } from '../../db/webhook-endpoint-acts.ts';
import { REDELIVERIES_AT_ONCE } from '../../domain/webhook-endpoint-schema.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { id } from '../inputs.ts';
import type { Session } from '../session.ts';
import { actOf, disabledEndpoint, ENDPOINT_ARGUMENT, ofEndpointInput, unknownEndpoint } from './endpoint.ts';

const input = z.object({ ...ofEndpointInput, deliveries: z.array(id).min(1).max(REDELIVERIES_AT_ONCE) });

export function addWebhooksRedeliver(webhooks: Command, session: Session): void {
  const redeliver = webhooks
    .command('redeliver')
    .description('send what has ended once more, with the same id')
    .argument('<endpoint>', ENDPOINT_ARGUMENT)
    .argument('<deliveries...>', 'their ids, as webhooks deliveries shows them');
  addAgencyOption(redeliver);
  perform(redeliver, session, input, async ({ agency, endpoint: endpointId, deliveries: deliveryIds }) => {
    const act = actOf(session, agency);
    const sent = await inAgency(session, agency, (tx) => redeliverToEndpoint(tx, act, { id: endpointId, deliveryIds }));
    if (sent === undefined) throw unknownEndpoint(endpointId);
    if (sent === 'endpoint-disabled') throw disabledEndpoint();
    const left = deliveryIds.length - sent.length;
    const others = left === 0 ? '' : ` ${left} are not known, or still wait and go by themselves.`;
    return { data: { deliveryIds: sent }, text: `${sent.length} are sent again.${others}` };
  });
}
