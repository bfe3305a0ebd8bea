import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { findNoticeDelivery, type WebhookDelivery } from '../../db/webhook-deliveries.ts';
import { testEndpoint } from '../../db/webhook-endpoint-acts.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { CommandError } from '../failure.ts';
import { count } from '../inputs.ts';
import type { Answer } from '../output.ts';
import type { Session } from '../session.ts';
import {
  actOf,
  disabledEndpoint,
  ENDPOINT_ARGUMENT,
  hearsOfNothing,
  ofEndpointInput,
  unknownEndpoint,
} from './endpoint.ts';

const input = z.object({ ...ofEndpointInput, waitSeconds: count(0, 300) });
const LOOK_MS = 250;

export function addWebhooksTest(webhooks: Command, session: Session): void {
  const test = webhooks
    .command('test')
    .description('send a notice.test the way of all webhooks, and say what came of it')
    .argument('<endpoint>', ENDPOINT_ARGUMENT)
    .option('--wait-seconds <n>', 'how long to wait for the first attempt', '30');
  addAgencyOption(test);
  perform(test, session, input, (given) => sendTest(session, given));
}

async function sendTest(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const { agency, endpoint: endpointId, waitSeconds } = given;
  const made = await inAgency(session, agency, (tx) => testEndpoint(tx, actOf(session, agency), endpointId));
  if (made === 'no-such-endpoint') throw unknownEndpoint(endpointId);
  if (made === 'endpoint-disabled') throw disabledEndpoint();
  if (made === 'hears-of-nothing') throw hearsOfNothing();
  const look = () => inAgency(session, agency, (tx) => findNoticeDelivery(tx, { endpointId, ...made }));
  let delivery = await look();
  for (let waitedMs = 0; !wasTried(delivery) && waitedMs < waitSeconds * 1_000; waitedMs += LOOK_MS) {
    await sleep(LOOK_MS);
    delivery = await look();
  }
  if (!wasTried(delivery)) {
    const why = 'It has not been sent yet: do API and worker run? webhooks deliveries shows it when it is.';
    return { data: { ...made, delivery: delivery ?? null }, text: why };
  }
  if (delivery.state !== 'sent') {
    const again = delivery.endedAt === null ? ' It is tried again by itself: webhooks deliveries.' : '';
    throw new CommandError('not-taken', `The endpoint did not take it: ${delivery.reason}.${again}`);
  }
  return { data: { ...made, delivery }, text: `The endpoint has taken it: ${delivery.reason}.` };
}

/** Whether the result of an attempt is there. */
const wasTried = (delivery: WebhookDelivery | undefined): delivery is WebhookDelivery =>
  delivery !== undefined && (delivery.endedAt !== null || (delivery.attempts > 0 && delivery.state === 'pending'));
