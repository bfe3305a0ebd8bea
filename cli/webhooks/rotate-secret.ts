import type { Command } from 'commander';
import { z } from 'zod';
import { rotateEndpointSecret } from '../../db/webhook-endpoint-acts.ts';
import { SECRET_OVERLAP_HOURS, SECRET_OVERLAP_HOURS_AT_MOST } from '../../domain/webhook-endpoint.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { count } from '../inputs.ts';
import type { Session } from '../session.ts';
import { actOf, ENDPOINT_ARGUMENT, ofEndpointInput, unknownEndpoint } from './endpoint.ts';

const input = z.object({ ...ofEndpointInput, overlapHours: count(0, SECRET_OVERLAP_HOURS_AT_MOST) });

export function addWebhooksRotateSecret(webhooks: Command, session: Session): void {
  const rotate = webhooks
    .command('rotate-secret')
    .description('make another secret, which is shown once; the one before signs beside it for a while')
    .argument('<endpoint>', ENDPOINT_ARGUMENT)
    .option('--overlap-hours <n>', 'how long; 0 when the old one has leaked', String(SECRET_OVERLAP_HOURS));
  addAgencyOption(rotate);
  perform(rotate, session, input, async ({ agency, endpoint: id, overlapHours }) => {
    const { ENCRYPTION_KEYS: keys } = await session.config();
    const rotated = await inAgency(session, agency, (tx) =>
      rotateEndpointSecret(tx, keys, actOf(session, agency), { id, overlapHours }),
    );
    if (!rotated) throw unknownEndpoint(id);
    const { secret, previousUntil: previousSecretUntil } = rotated;
    const old =
      previousSecretUntil === null
        ? 'The old secret signs no more.'
        : `The old secret signs beside it until ${previousSecretUntil.toISOString()}.`;
    const text = `${secret}\n\nKeep it now: it is not shown again. ${old}`;
    return { data: { id, secret, previousSecretUntil }, text };
  });
}
